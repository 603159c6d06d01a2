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
LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, RUSSIAN)

NAMED = (  # what a program's own last line names, in any language
    *("iphone", "ipad", "android", "samsung", "galaxy", "huawei", "xiaomi", "pixel", "blackberry", "windows"),
    *("outlook", "yahoo", "gmail", "gmx", "web.de", "aol", "proton", "t-online", "freenet", "k-9", "fairemail"),
    *("mail for", "mail für", "mail pour", "mail para", "mail для", "mail app", "почты mail", "mail.ru", "icloud"),
    *("яндекс почт", "яндекс.почт", "phone", "handy", "mobil", "smartphone", "tablet", "móvil", "téléphone", "телефон"),
    *("appareil", "dispositivo", "устройств"),
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
