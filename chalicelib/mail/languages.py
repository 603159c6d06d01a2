"""What mail programs write themselves in each language: one row per language, and all that is known of it is there."""

import re
from typing import NamedTuple

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # turns of direction and the like


class Language(NamedTuple):
    """Words as `folded` leaves them, with ` | ` between. In whole phrases an … stands for any words.

    A new language is a row: copy one, and write a mail of each program into tests/mails/tuned.
    """

    # the labels of a copied head: `From: Sent: To: Subject:`
    sender: str
    date: str
    subject: str
    other: str
    # the line above a quote: how it begins, and its verb; with an … the name may follow the verb
    dated: str
    wrote: str
    # the bar above a copied mail, and above one that is passed on
    original: str
    forwarded: str
    # the program's own last line; it also names a device or program of NAMED
    sent: str
    # what people write above an unmarked quote that holds their answers
    within: str
    # marks before a subject
    reply: str
    forward: str
    # subjects of automatic replies, up to a colon or bracket, and of answers to invitations
    away: str
    invited: str
    # senders that nobody reads, before the @, without dots and dashes
    unread: str


ENGLISH = Language(
    sender="from",
    date="sent | date",
    subject="subject",
    other="to | cc | bcc | reply-to | importance | attachments",
    dated="on",
    wrote="wrote | writes",
    original="original message | original appointment | reply message",
    forwarded="forwarded message | begin forwarded message | forwarded mail",
    sent="sent from … | sent with … | sent via … | sent using … | written with … | get outlook for …"
    " | this message was sent from …",
    within="below in | answers below | answers are below | comments below | replies below | see below | see inline"
    " | answers inline | answered inline | comments inline | replies inline | reply inline | inline:"
    " | answers in | comments in | replies in | in red below | in blue below | marked in | highlighted in",
    reply="re",
    forward="fw | fwd",
    away="automatic reply | automatic response | automatic-reply | automatic-response | auto reply | auto response"
    " | auto-reply | auto-response | autoreply | autoresponse | autoresponder | auto-responder | auto responder"
    " | out of office | out of the office | out of office autoreply | out of office auto-reply | out of office reply"
    " | out of office automatic reply | out of office until … | out of office from … | out of office notification"
    " | out of the office until … | out of the office from … | … is out of the office | … is out of office"
    " | on vacation | on holiday | on annual leave | on leave | vacation reply | vacation response"
    " | yahoo! auto response | yahoo auto response | away from office | away from the office",
    invited="accepted | declined | tentative | tentatively accepted | new time proposed",
    unread="noreply | donotreply | notification | notifications | alert | alerts",
)
GERMAN = Language(
    sender="von",
    date="gesendet | datum | gesendet am",
    subject="betreff",
    other="an | cc | kopie | kopie (cc) | bcc | antwort an | wichtigkeit | anlagen",
    dated="am",
    wrote="schrieb … | geschrieben | schreibt",
    original="ursprüngliche nachricht | ursprungliche nachricht | urspruengliche nachricht | ursprüngliche mail"
    " | ursprüngliche e-mail | originalnachricht | original-nachricht | original nachricht | originalmail",
    forwarded="weitergeleitete nachricht | weitergeleitete mail | weitergeleitete e-mail"
    " | anfang der weitergeleiteten nachricht | anfang der weitergeleiteten e-mail",
    sent="gesendet von … | gesendet mit … | gesendet über … | gesendet aus … | geschickt von … | geschickt mit …"
    " | von … gesendet | von … geschickt | diese nachricht wurde von … gesendet | diese e-mail wurde von … gesendet"
    " | outlook für … | holen sie sich outlook … | hol dir outlook …",
    within="siehe unten | s. unten | s.u. | unten in | antworten unten | weiter unten | antworten in"
    " | antworten im text | rot markiert | blau markiert | grün markiert | farbig | untenstehend | in ihrer mail",
    reply="aw | antw | antwort",
    forward="wg | weitergeleitet",
    away="automatische antwort | automatische rückantwort | automatische abwesenheitsnotiz | autoantwort"
    " | auto-antwort | abwesenheitsnotiz | abwesenheitsnotiz … | abwesenheitsbenachrichtigung"
    " | abwesenheitsnachricht | abwesenheitsassistent | abwesenheit | abwesenheitsmeldung | abwesend"
    " | … ist abwesend | … ist nicht im büro | nicht im büro | nicht im haus | im urlaub",
    invited="zugesagt | abgelehnt | mit vorbehalt | mit vorbehalt zugesagt | angenommen | neuer zeitvorschlag",
    unread="nichtantworten | bittenichtantworten | keineantwort | benachrichtigung | benachrichtigungen",
)
FRENCH = Language(
    sender="de | expéditeur",
    date="envoyé | envoyé le | date",
    subject="objet | sujet",
    other="à | a | pour | cc | copie | copie à | cci | répondre à | importance | pièces jointes",
    dated="le",
    wrote="a écrit | écrit",
    original="message d'origine | message original | message initial | mail original | e-mail d'origine",
    forwarded="message transféré | message transmis | mail transféré | début du message transféré"
    " | début du message réexpédié | courriel transféré",
    sent="envoyé de … | envoyé depuis … | envoyé avec … | envoyé à partir … | envoyé via …"
    " | obtenez outlook … | obtenir outlook … | télécharger outlook … | téléchargez outlook …",
    within="réponses ci-dessous | réponds ci-dessous | répondu ci-dessous | voir ci-dessous | commentaires ci-dessous"
    " | voir plus bas | réponses en | commentaires en | dans le texte | dans votre mail",
    reply="ré | rép | réponse",
    forward="tr | transféré",
    away="réponse automatique | réponse automatique … | répondeur automatique | absence du bureau | absent du bureau"
    " | absente du bureau | message d'absence | notification d'absence | avis d'absence | réponse d'absence"
    " | … est absent du bureau | … est absente du bureau | en congé | en congés | en vacances",
    invited="accepté | refusé | provisoire | accepté provisoirement",
    unread="nepasrepondre | neparepondre | nerepondezpas | pasdereponse | noreponse",
)
SPANISH = Language(
    sender="de | remitente",
    date="enviado | enviado el | fecha",
    subject="asunto",
    other="para | a | cc | cco | copia | responder a | importancia | datos adjuntos",
    dated="el | en",
    wrote="escribió | ha escrito | escribio",
    original="mensaje original | mensaje de origen | correo original",
    forwarded="mensaje reenviado | inicio del mensaje reenviado | correo reenviado",
    sent="enviado desde … | enviado con … | enviado mediante … | enviado a través …"
    " | obtener outlook … | obtén outlook … | descargar outlook … | descarga outlook …",
    within="respuestas abajo | respondo abajo | ver abajo | véase abajo | más abajo | comentarios abajo"
    " | respuestas en | comentarios en | en el texto | en su correo",
    reply="resp | respuesta",
    forward="rv | reenv | reenviado",
    away="respuesta automática | respuesta automatica | respuesta automática … | autorespuesta | fuera de la oficina"
    " | fuera de oficina | … está fuera de la oficina | ausente de la oficina | mensaje de ausencia | ausencia"
    " | ausencia de la oficina | aviso de ausencia | de vacaciones | en vacaciones",
    invited="aceptado | aceptada | rechazado | rechazada | provisional | aceptado provisionalmente",
    unread="noresponder | norespuesta | nocontestar | noresponda",
)
RUSSIAN = Language(
    sender="от | от кого",
    date="отправлено | дата",
    subject="тема",
    other="кому | копия | скрытая копия | ответить | важность",
    dated="в | во",
    wrote="написал(а) | написал(-а) | написал | написала | пишет | писал(а) | писал | писала",
    original="исходное сообщение | оригинальное сообщение | первоначальное сообщение",
    forwarded="пересылаемое сообщение | перенаправленное сообщение | пересланное сообщение"
    " | начало переадресованного сообщения | начало пересланного сообщения",
    sent="отправлено с … | отправлено из … | отправлено при помощи … | получить outlook …"
    " | скачать outlook … | загрузить outlook … | послано с …",
    within="ответы ниже | ответ ниже | отвечаю ниже | смотрите ниже | см. ниже | ниже по тексту | ответы в тексте"
    " | красным цветом | синим цветом | зелёным цветом | выделил | выделила",
    reply="отв | на | ответ",
    forward="пересл | переслано | пер",
    away="автоматический ответ | автоматический ответ … | автоответ | автоответчик | вне офиса | нет на месте"
    " | отсутствие на рабочем месте | отсутствие в офисе | … нет на рабочем месте"
    " | уведомление об отсутствии",
    invited="принято | отклонено | под вопросом | предварительно принято",
    unread="neotvechat | neotvechaite | neotvechayte",
)
ITALIAN = Language(
    sender="da | mittente",
    date="inviato | inviata | data",
    subject="oggetto",
    other="a | per | cc | ccn | rispondi a | priorità | allegati",
    dated="il | in data | il giorno",
    wrote="ha scritto | scrive | scriveva",
    original="messaggio originale | messaggio originario | e-mail originale",
    forwarded="messaggio inoltrato | inizio messaggio inoltrato | messaggio rinviato",
    sent="inviato da … | inviata da … | inviato dal … | inviato con … | inviato tramite … | ottieni outlook …"
    " | scarica outlook …",
    within="vedi sotto | risposte sotto | rispondo sotto | risposte in rosso | risposte nel testo | tra le righe",
    reply="r | ris | rif",
    forward="i | inol",
    away="risposta automatica | risposta automatica … | fuori ufficio | assenza dall'ufficio | fuori sede"
    " | messaggio di assenza | assente dall'ufficio | in ferie | in vacanza",
    invited="accettato | accettata | rifiutato | rifiutata | provvisorio",
    unread="nonrispondere | nonrispondi",
)
DUTCH = Language(
    sender="van | afzender",
    date="verzonden | datum | verstuurd",
    subject="onderwerp",
    other="aan | cc | bcc | beantwoorden | urgentie | prioriteit | bijlagen",
    dated="op",
    wrote="schreef … | heeft … | het volgende geschreven",
    original="oorspronkelijk bericht | origineel bericht | oorspronkelijke e-mail",
    forwarded="doorgestuurd bericht | doorgestuurde e-mail | begin doorgestuurd bericht",
    sent="verstuurd vanaf … | verstuurd met … | verstuurd vanuit … | verzonden vanaf … | verzonden met …"
    " | verzonden vanuit … | verzonden via … | outlook voor … | download outlook … | outlook downloaden …",
    within="zie onder | zie hieronder | antwoorden hieronder | antwoorden in | antwoord in het rood | tussen de tekst",
    reply="antw",
    forward="doorst",
    away="automatisch antwoord | automatisch antwoord … | afwezigheidsbericht | afwezig | niet op kantoor"
    " | buiten kantoor | afwezigheidsmelding | op vakantie",
    invited="geaccepteerd | afgewezen | voorlopig | voorlopig geaccepteerd",
    unread="nietbeantwoorden | nietantwoorden | geenantwoord",
)
POLISH = Language(
    sender="od | nadawca",
    date="wysłano | wysłane | data | data wysłania",
    subject="temat",
    other="do | dw | udw | kopia | odpowiedz do | ważność | priorytet | załączniki",
    dated="w dniu | dnia | wiadomość",
    wrote="napisał(a) | napisał | napisała | pisze | napisana przez …",
    original="wiadomość oryginalna | oryginalna wiadomość | oryginalny list | wiadomość źródłowa",
    forwarded="przekazana wiadomość | przekazana dalej wiadomość | wiadomość przekazana dalej"
    " | początek przekazywanej wiadomości | treść przekazanej wiadomości",
    sent="wysłane z … | wysłano z … | wysłane przez … | wysłane za … | pobierz outlook … | pobierz aplikację outlook …"
    " | pobierz program outlook …",
    within="patrz niżej | patrz poniżej | odpowiedzi poniżej | odpowiadam poniżej | zob. poniżej | odpowiedzi w treści"
    " | odpowiedzi na czerwono",
    reply="odp",
    forward="pd | przek",
    away="odpowiedź automatyczna | odpowiedź automatyczna … | automatyczna odpowiedź | autoodpowiedź | poza biurem"
    " | nieobecność | nieobecność w biurze | nieobecny | nieobecna | na urlopie",
    invited="zaakceptowano | zaakceptowane | odrzucono | odrzucone | wstępnie zaakceptowano",
    unread="nieodpowiadaj | nieodpowiadac | brakodpowiedzi",
)
PORTUGUESE = Language(
    sender="de | remetente",
    date="enviado | enviada | enviada em | enviado em | data",
    subject="assunto",
    other="para | cc | cco | bcc | responder a | responder para | importância | anexos",
    dated="em | no dia | a | no",
    wrote="escreveu … | escreve",
    original="mensagem original | mensagem de origem | e-mail original",
    forwarded="mensagem encaminhada | mensagem reencaminhada | mensagem reenviada | início da mensagem encaminhada"
    " | início da mensagem reencaminhada",
    sent="enviado do … | enviado da … | enviada do … | enviado de … | enviado a partir … | enviado via …"
    " | enviado com … | enviado pelo … | obter o outlook … | obtenha o outlook … | baixar o outlook …",
    within="ver abaixo | veja abaixo | respostas abaixo | respondo abaixo | respostas em | comentários abaixo",
    reply="resp | res",
    forward="enc | reenc",
    away="resposta automática | resposta automatica | resposta automática … | ausência temporária | fora do escritório"
    " | fora da empresa | ausente do escritório | mensagem de ausência | aviso de ausência | de férias | em férias",
    invited="aceito | aceite | recusado | recusada | provisório | provisória",
    unread="naoresponder | naoresponda | nãoresponder | semresposta",
)
TURKISH = Language(
    sender="kimden | gönderen",
    date="gönderildi | gönderme tarihi | gönderilme | tarih",
    subject="konu",
    other="kime | alıcı | bilgi | cc | gizli | yanıtla | önem | ekler",
    dated="tarihinde",
    wrote="yazdı | yazmış | şunu yazdı … | şunları yazdı …",
    original="özgün ileti | orijinal mesaj | orijinal ileti | asıl mesaj",
    forwarded="iletilen mesaj | i̇letilen mesaj | yönlendirilen ileti | i̇letilmiş ileti | yönlendirilmiş mesaj",
    sent="… gönderildi | … gönderilmiştir | … outlook'u edinin | outlook … edinin | … outlook'u indirin",
    within="aşağıya bakınız | yanıtlarım aşağıda | cevaplarım aşağıda | yanıtlar aşağıda | kırmızı ile yazdım",
    reply="ynt | cvp",
    forward="ilt | i̇lt",
    away="otomatik yanıt | otomatik yanıt … | otomatik cevap | ofis dışında | ofis dışı | i̇zinde | izinde | tatilde"
    " | büro dışında",
    invited="kabul edildi | reddedildi | belirsiz | geçici",
    unread="cevaplamayin | yanitlamayin | cevapvermeyin",
)
CZECH = Language(
    sender="od | odesílatel",
    date="odesláno | datum",
    subject="předmět",
    other="komu | kopie | skrytá kopie | skrytá | odpovědět komu | důležitost | přílohy",
    dated="dne | odesílatel",
    wrote="napsal(a) | napsal | napsala | píše",
    original="původní zpráva | původní e-mail | původní email | originální zpráva",
    forwarded="přeposlaná zpráva | předaná zpráva | přeposlaný e-mail | začátek přeposlané zprávy",
    sent="odesláno z … | odesláno ze … | odesláno pomocí … | odesláno přes … | posláno z … | získat outlook …"
    " | získejte outlook … | stáhnout outlook …",
    within="viz níže | odpovědi níže | odpovídám níže | odpovědi v textu | odpovědi červeně",
    reply="odp",
    forward="předat | př",
    away="automatická odpověď | automatická odpověď … | mimo kancelář | nepřítomnost | nepřítomen | nepřítomna"
    " | jsem mimo kancelář | na dovolené",
    invited="přijato | odmítnuto | předběžně přijato | nezávazně přijato",
    unread="neodpovidat | neodpovidejte",
)
SWEDISH = Language(
    sender="från | avsändare",
    date="skickat | skickades | datum",
    subject="ämne",
    other="till | kopia | hemlig kopia | cc | svara till | prioritet | bilagor",
    dated="den",
    wrote="skrev … | skriver …",
    original="ursprungligt meddelande | originalmeddelande | ursprungligt mail | ursprungligt mejl",
    forwarded="vidarebefordrat meddelande | vidarebefordrat mail | vidarebefordrat mejl"
    " | vidarebefordrat brev | början på vidarebefordrat meddelande",
    sent="skickat från … | skickat med … | skickat via … | skickades från … | hämta outlook … | skaffa outlook …",
    within="se nedan | svar nedan | svarar nedan | mina svar i | svar i rött | rödmarkerat",
    reply="sv",
    forward="vb | vidarebef",
    away="autosvar | automatiskt svar | automatiskt svar … | frånvarande | frånvaro | frånvaromeddelande"
    " | inte på kontoret | på semester",
    invited="accepterat | accepterad | avböjt | avböjd | preliminärt",
    unread="svaraej | svarainte | ejsvar",
)
LANGUAGES = (*(ENGLISH, GERMAN, FRENCH, SPANISH, RUSSIAN, ITALIAN, DUTCH, POLISH, PORTUGUESE, TURKISH, CZECH, SWEDISH),)

NAMED = (  # what a program's own last line names, in any language
    *("iphon", "ipad", "android", "samsung", "galaxy", "huawei", "xiaomi", "pixel", "blackberry", "windows"),
    *("outlook", "yahoo", "gmail", "gmx", "web.de", "aol", "proton", "t-online", "freenet", "k-9", "fairemail"),
    *("mail for", "mail für", "mail pour", "mail para", "mail для", "mail app", "почты mail", "mail.ru", "icloud"),
    *("яндекс почт", "яндекс.почт", "phone", "handy", "mobil", "smartphone", "tablet", "móvil", "téléphone", "телефон"),
    *("appareil", "dispositivo", "устройств", "posta per", "mail voor", "poczta", "poczty", "correio", "posta ile"),
    *("libero", "virgilio", "seznam", "onet", "interia", "uol", "telefon", "aplikace pošta"),
)


def words(field: str) -> tuple[str, ...]:
    """The alternatives of a field, of all languages: a mail often mixes two."""
    found = (word for language in LANGUAGES for word in getattr(language, field).split(" | "))
    return tuple(dict.fromkeys(found))


def fits(text: str, phrase: str) -> bool:
    """Whether `text` is that phrase, where one … stands for any words."""
    begin, gap, end = phrase.partition("…")
    return text.startswith(begin) and text[len(begin) :].endswith(end) if gap else text == phrase


def folded(text: str) -> str:
    """`text` in the form of the rows above: lower case, single plain spaces, no unseen turns of direction."""
    return " ".join(_UNSEEN.sub("", text).split()).casefold().replace("’", "'")
