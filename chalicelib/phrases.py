"""What customers are told where the shop writes no words of its own, in each language of models.Language. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.models import Language


class Phrases(NamedTuple):
    """One language. `day` and `date` say a moment ahead, within the week and later; texts have the gaps of ENGLISH."""

    text: str
    closed: str
    complaint: str  # before one of the two
    subject: str  # of a mail that answers none
    link: str  # below a file's
    code: str
    weekdays: str
    months: str
    date: str
    day: str = "{weekday} {time}"


ENGLISH = Phrases(
    text="Thank you for writing to {shop}. A person will answer you soon. (This is an automatic reply.)",
    closed="Thank you for writing to {shop}. We are closed now and back {opens}. (This is an automatic reply.)",
    complaint="We are sorry that something went wrong.",
    subject="A message from {shop}",
    link="This link works for a limited time.",
    code="{code} is your code for {shop}. Somebody who writes to us elsewhere says that this address is theirs as "
    "well. If that is you, write the code there within 15 minutes. If not, do nothing.",
    weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    months="January February March April May June July August September October November December",
    date="{weekday} {day} {month} {time}",
)
GERMAN = Phrases(
    text="Danke für Ihre Nachricht an {shop}. Ein Mensch antwortet Ihnen bald. (Dies ist eine automatische Antwort.)",
    closed="Danke für Ihre Nachricht an {shop}. Wir haben gerade geschlossen und sind {opens} wieder da. "
    "(Dies ist eine automatische Antwort.)",
    complaint="Es tut uns leid, dass etwas schiefgegangen ist.",
    subject="Eine Nachricht von {shop}",
    link="Dieser Link gilt nur für begrenzte Zeit.",
    code="{code} ist Ihr Code für {shop}. Jemand, der uns an anderer Stelle schreibt, sagt, dass auch diese Adresse "
    "ihm gehört. Sind Sie das, schreiben Sie den Code innerhalb von 15 Minuten dort. Wenn nicht, tun Sie nichts.",
    weekdays="Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date="{weekday}, {day}. {month}, {time}",
)
FRENCH = Phrases(
    text="Merci de votre message à {shop}. Une personne vous répondra bientôt. (Ceci est une réponse automatique.)",
    closed="Merci de votre message à {shop}. Nous sommes fermés et de retour {opens}. "
    "(Ceci est une réponse automatique.)",
    complaint="Nous sommes désolés que quelque chose se soit mal passé.",
    subject="Un message de {shop}",
    link="Ce lien est valable pour une durée limitée.",
    code="{code} est votre code pour {shop}. Quelqu'un qui nous écrit ailleurs dit que cette adresse est aussi la "
    "sienne. Si c'est vous, écrivez-y ce code dans les 15 minutes. Sinon, ne faites rien.",
    weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    date="{weekday} {day} {month} {time}",
)
SPANISH = Phrases(
    text="Gracias por escribir a {shop}. Una persona le responderá pronto. (Esta es una respuesta automática.)",
    closed="Gracias por escribir a {shop}. Ahora está cerrado; volvemos el {opens}. "
    "(Esta es una respuesta automática.)",
    complaint="Sentimos que algo haya salido mal.",
    subject="Un mensaje de {shop}",
    link="Este enlace funciona por tiempo limitado.",
    code="{code} es su código para {shop}. Alguien que nos escribe por otra vía dice que esta dirección también es "
    "suya. Si es usted, escriba allí el código en 15 minutos. Si no, no haga nada.",
    weekdays="lunes martes miércoles jueves viernes sábado domingo",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    date="{weekday} {day} de {month}, {time}",
)
ITALIAN = Phrases(
    text="Grazie per aver scritto a {shop}. Una persona le risponderà presto. (Questa è una risposta automatica.)",
    closed="Grazie per aver scritto a {shop}. Ora siamo chiusi; torniamo {opens}. (Questa è una risposta automatica.)",
    complaint="Ci dispiace che qualcosa sia andato storto.",
    subject="Un messaggio da {shop}",
    link="Questo link è valido per un periodo limitato.",
    code="{code} è il suo codice per {shop}. Qualcuno che ci scrive altrove dice che anche questo indirizzo è suo. "
    "Se è lei, scriva lì il codice entro 15 minuti. Altrimenti non faccia nulla.",
    weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    date="{weekday} {day} {month}, {time}",
)
DUTCH = Phrases(
    text="Bedankt voor uw bericht aan {shop}. Een medewerker antwoordt u snel. (Dit is een automatisch antwoord.)",
    closed="Bedankt voor uw bericht aan {shop}. We zijn nu gesloten en {opens} weer terug. "
    "(Dit is een automatisch antwoord.)",
    complaint="Het spijt ons dat er iets is misgegaan.",
    subject="Een bericht van {shop}",
    link="Deze link werkt maar beperkte tijd.",
    code="{code} is uw code voor {shop}. Iemand die ons elders schrijft, zegt dat dit adres ook van hem is. "
    "Bent u dat, schrijf de code daar dan binnen 15 minuten. Zo niet, doe dan niets.",
    weekdays="maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    months="januari februari maart april mei juni juli augustus september oktober november december",
    date="{weekday} {day} {month} {time}",
)
PORTUGUESE = Phrases(
    text="Obrigado por escrever para {shop}. Uma pessoa responderá em breve. (Esta é uma resposta automática.)",
    closed="Obrigado por escrever para {shop}. Estamos fechados; voltamos: {opens}. (Esta é uma resposta automática.)",
    complaint="Lamentamos que algo tenha corrido mal.",
    subject="Uma mensagem de {shop}",
    link="Este link funciona por tempo limitado.",
    code="{code} é o seu código para {shop}. Alguém que nos escreve por outra via diz que este endereço também é seu. "
    "Se é você, escreva lá o código em 15 minutos. Se não, não faça nada.",
    weekdays="segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    date="{weekday}, {day} de {month}, {time}",
)
POLISH = Phrases(
    text="Dziękujemy za wiadomość do {shop}. Wkrótce ktoś Państwu odpowie. (To jest odpowiedź automatyczna.)",
    closed="Dziękujemy za wiadomość do {shop}. Teraz mamy zamknięte; wracamy: {opens}. "
    "(To jest odpowiedź automatyczna.)",
    complaint="Przykro nam, że coś poszło nie tak.",
    subject="Wiadomość od {shop}",
    link="Ten link działa przez ograniczony czas.",
    code="{code} to Państwa kod dla {shop}. Ktoś, kto pisze do nas gdzie indziej, mówi, że ten adres też do niego "
    "należy. Jeśli to Państwo, proszę wpisać tam kod w ciągu 15 minut. Jeśli nie, nic nie trzeba robić.",
    weekdays="poniedziałek wtorek środa czwartek piątek sobota niedziela",
    months="stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    date="{weekday}, {day} {month}, {time}",
)
PHRASES: Mapping[Language, Phrases] = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "nl": DUTCH,
    "pt": PORTUGUESE,
    "pl": POLISH,
}
