"""What customers are told where the shop writes no words of its own, in each language of models.Language. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.models.shop import Language


class Phrases(NamedTuple):
    """One language. `day` and `date` say a moment ahead, within the week and later; texts have the gaps of ENGLISH."""

    text: str
    closed: str
    call: str  # to who calls, before the tone, and instead while the shop is closed
    call_closed: str
    complaint: str  # before one of the two
    automatic: str  # behind what no person wrote: California and Germany want it said
    subject: str  # of a mail that answers none
    link: str  # below a file's
    code: str
    still: str  # to who waits, and when they are told again
    again: str
    well: str  # some days after the end
    waits: str  # to who asks how things stand: nobody answered yet, and by when somebody means to
    waits_until: str
    answered: str  # … somebody did
    nothing: str  # … nothing is open
    help: str  # to who writes HELP by SMS
    topics: (
        str  # of each stage of a customer's life, as they stand behind "about": zu, sur, sobre, per, over, w sprawie
    )
    spans: str  # as they stand behind "in", in the plural
    weekdays: str
    months: str
    date: str
    day: str = "{weekday} {time}"


ENGLISH = Phrases(
    text="Thank you for writing to {shop}. A person will answer you soon[, usually in {time}].",
    closed="Thank you for writing to {shop}. We are closed now and back {opens}.",
    call="Hello, this is {shop}. Please say after the tone what we can do for you.",
    call_closed="Hello, this is {shop}. We are closed now and back {opens}.[ Our hours: {hours}.] Please say after "
    "the tone what we can do for you.",
    complaint="We are sorry that something went wrong.",
    automatic="(This is an automatic reply.)",
    subject="A message from {shop}",
    link="This link works for a limited time.",
    code="{code} is your code for {shop}. Somebody who writes to us elsewhere says that this address is theirs as "
    "well. If that is you, write the code there within 15 minutes. If not, do nothing.",
    still="We are still on it, and you are not forgotten.",
    again="You hear from us again by {by}.",
    well="Is everything all right now? If it is not, just answer this message.",
    waits="We have had your message since {since}, and will answer it.",
    waits_until="We have had your message since {since}, and mean to answer it by {by}.",
    answered="We last answered you on {at}. If anything is still open, just write.",
    nothing="Nothing of yours is open with us. If you need anything, just write.",
    help="{shop}: a person reads what you write here and answers. Your operator's charges may apply. Reply STOP to get "
    "no more messages, START to get them again.",
    topics="your question | your delivery | what you bought | your return",
    spans="minutes hours days",
    weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    months="January February March April May June July August September October November December",
    date="{weekday} {day} {month} {time}",
)
GERMAN = Phrases(
    text="Danke für Ihre Nachricht an {shop}. Ein Mensch antwortet Ihnen bald[, meist in {time}].",
    closed="Danke für Ihre Nachricht an {shop}. Wir haben gerade geschlossen und sind {opens} wieder da.",
    call="Guten Tag, hier ist {shop}. Bitte sagen Sie uns nach dem Ton, was wir für Sie tun können.",
    call_closed="Guten Tag, hier ist {shop}. Wir haben gerade geschlossen und sind {opens} wieder da.[ Unsere Zeiten: "
    "{hours}.] Bitte sagen Sie uns nach dem Ton, was wir für Sie tun können.",
    complaint="Es tut uns leid, dass etwas schiefgegangen ist.",
    automatic="(Dies ist eine automatische Antwort.)",
    subject="Eine Nachricht von {shop}",
    link="Dieser Link gilt nur für begrenzte Zeit.",
    code="{code} ist Ihr Code für {shop}. Jemand, der uns an anderer Stelle schreibt, sagt, dass auch diese Adresse "
    "ihm gehört. Sind Sie das, schreiben Sie den Code innerhalb von 15 Minuten dort. Wenn nicht, tun Sie nichts.",
    still="Wir sind noch daran und haben Sie nicht vergessen.",
    again="Sie hören wieder von uns bis {by}.",
    well="Ist jetzt alles in Ordnung? Wenn nicht, antworten Sie einfach auf diese Nachricht.",
    waits="Ihre Nachricht ist seit {since} bei uns. Wir beantworten sie.",
    waits_until="Ihre Nachricht ist seit {since} bei uns. Wir wollen sie bis {by} beantworten.",
    answered="Wir haben Ihnen zuletzt geantwortet: {at}. Ist noch etwas offen, schreiben Sie einfach.",
    nothing="Bei uns ist nichts von Ihnen offen. Wenn Sie etwas brauchen, schreiben Sie einfach.",
    help="{shop}: Was Sie hier schreiben, liest und beantwortet ein Mensch. Es gelten die Preise Ihres Anbieters. Mit "
    "STOP bekommen Sie keine Nachrichten mehr, mit START wieder welche.",
    topics="Ihrer Frage | Ihrer Lieferung | Ihrem Kauf | Ihrer Rücksendung",
    spans="Minuten Stunden Tagen",
    weekdays="Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date="{weekday}, {day}. {month}, {time}",
)
FRENCH = Phrases(
    text="Merci de votre message à {shop}. Une personne vous répondra bientôt[, en général en {time}].",
    closed="Merci de votre message à {shop}. Nous sommes fermés et de retour {opens}.",
    call="Bonjour, vous êtes chez {shop}. Dites-nous après le bip ce que nous pouvons faire pour vous.",
    call_closed="Bonjour, vous êtes chez {shop}. Nous sommes fermés et de retour {opens}.[ Nos horaires : {hours}.] "
    "Dites-nous après le bip ce que nous pouvons faire pour vous.",
    complaint="Nous sommes désolés que quelque chose se soit mal passé.",
    automatic="(Ceci est une réponse automatique.)",
    subject="Un message de {shop}",
    link="Ce lien est valable pour une durée limitée.",
    code="{code} est votre code pour {shop}. Quelqu'un qui nous écrit ailleurs dit que cette adresse est aussi la "
    "sienne. Si c'est vous, écrivez-y ce code dans les 15 minutes. Sinon, ne faites rien.",
    still="Nous nous en occupons toujours et ne vous oublions pas.",
    again="Vous aurez de nos nouvelles avant {by}.",
    well="Est-ce que tout va bien maintenant ? Sinon, répondez simplement à ce message.",
    waits="Nous avons votre message depuis {since} et nous y répondrons.",
    waits_until="Nous avons votre message depuis {since} et voulons y répondre avant {by}.",
    answered="Notre dernière réponse date de {at}. S'il reste une question, écrivez-nous.",
    nothing="Aucune demande de votre part n'est en cours. S'il vous faut quelque chose, écrivez-nous.",
    help="{shop} : une personne lit ce que vous écrivez ici et y répond. Les tarifs de votre opérateur s'appliquent. "
    "Répondez STOP pour ne plus recevoir de messages, START pour en recevoir à nouveau.",
    topics="votre question | votre livraison | votre achat | votre retour",
    spans="minutes heures jours",
    weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    date="{weekday} {day} {month} {time}",
)
SPANISH = Phrases(
    text="Gracias por escribir a {shop}. Una persona le responderá pronto[, normalmente en {time}].",
    closed="Gracias por escribir a {shop}. Ahora está cerrado; volvemos el {opens}.",
    call="Hola, ha llamado a {shop}. Díganos después de la señal qué podemos hacer por usted.",
    call_closed="Hola, ha llamado a {shop}. Ahora estamos cerrados; volvemos: {opens}.[ Nuestro horario: {hours}.] "
    "Díganos después de la señal qué podemos hacer por usted.",
    complaint="Sentimos que algo haya salido mal.",
    automatic="(Esta es una respuesta automática.)",
    subject="Un mensaje de {shop}",
    link="Este enlace funciona por tiempo limitado.",
    code="{code} es su código para {shop}. Alguien que nos escribe por otra vía dice que esta dirección también es "
    "suya. Si es usted, escriba allí el código en 15 minutos. Si no, no haga nada.",
    still="Seguimos en ello y no le hemos olvidado.",
    again="Volverá a saber de nosotros antes del {by}.",
    well="¿Está todo bien ahora? Si no, responda a este mensaje.",
    waits="Tenemos su mensaje desde el {since} y lo responderemos.",
    waits_until="Tenemos su mensaje desde el {since} y queremos responderlo antes del {by}.",
    answered="Nuestra última respuesta es del {at}. Si queda algo pendiente, escríbanos.",
    nothing="No tenemos nada suyo pendiente. Si necesita algo, escríbanos.",
    help="{shop}: una persona lee y responde lo que escribe aquí. Se aplican las tarifas de su operador. Responda STOP "
    "para no recibir más mensajes y START para volver a recibirlos.",
    topics="su pregunta | su envío | su compra | su devolución",
    spans="minutos horas días",
    weekdays="lunes martes miércoles jueves viernes sábado domingo",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    date="{weekday} {day} de {month}, {time}",
)
ITALIAN = Phrases(
    text="Grazie per aver scritto a {shop}. Una persona le risponderà presto[, di solito in {time}].",
    closed="Grazie per aver scritto a {shop}. Ora siamo chiusi; torniamo {opens}.",
    call="Buongiorno, qui è {shop}. Dopo il segnale ci dica che cosa possiamo fare per lei.",
    call_closed="Buongiorno, qui è {shop}. Ora siamo chiusi; torniamo: {opens}.[ I nostri orari: {hours}.] Dopo il "
    "segnale ci dica che cosa possiamo fare per lei.",
    complaint="Ci dispiace che qualcosa sia andato storto.",
    automatic="(Questa è una risposta automatica.)",
    subject="Un messaggio da {shop}",
    link="Questo link è valido per un periodo limitato.",
    code="{code} è il suo codice per {shop}. Qualcuno che ci scrive altrove dice che anche questo indirizzo è suo. "
    "Se è lei, scriva lì il codice entro 15 minuti. Altrimenti non faccia nulla.",
    still="Ce ne stiamo ancora occupando e non l'abbiamo dimenticata.",
    again="Avrà nostre notizie entro {by}.",
    well="Va tutto bene adesso? Se no, risponda a questo messaggio.",
    waits="Abbiamo il suo messaggio da {since} e risponderemo.",
    waits_until="Abbiamo il suo messaggio da {since} e vogliamo rispondere entro {by}.",
    answered="La nostra ultima risposta è di {at}. Se resta qualcosa in sospeso, ci scriva.",
    nothing="Non c'è nulla di suo in sospeso da noi. Se ha bisogno di qualcosa, ci scriva.",
    help="{shop}: una persona legge ciò che scrive qui e risponde. Si applicano le tariffe del suo operatore. Risponda "
    "STOP per non ricevere più messaggi, START per riceverli di nuovo.",
    topics="la sua domanda | la sua consegna | il suo acquisto | il suo reso",
    spans="minuti ore giorni",
    weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    date="{weekday} {day} {month}, {time}",
)
DUTCH = Phrases(
    text="Bedankt voor uw bericht aan {shop}. Een medewerker antwoordt u snel[, meestal in {time}].",
    closed="Bedankt voor uw bericht aan {shop}. We zijn nu gesloten en {opens} weer terug.",
    call="Goedendag, dit is {shop}. Vertel ons na de toon wat we voor u kunnen doen.",
    call_closed="Goedendag, dit is {shop}. We zijn nu gesloten en {opens} weer terug.[ Onze openingstijden: {hours}.] "
    "Vertel ons na de toon wat we voor u kunnen doen.",
    complaint="Het spijt ons dat er iets is misgegaan.",
    automatic="(Dit is een automatisch antwoord.)",
    subject="Een bericht van {shop}",
    link="Deze link werkt maar beperkte tijd.",
    code="{code} is uw code voor {shop}. Iemand die ons elders schrijft, zegt dat dit adres ook van hem is. "
    "Bent u dat, schrijf de code daar dan binnen 15 minuten. Zo niet, doe dan niets.",
    still="We zijn er nog mee bezig en zijn u niet vergeten.",
    again="U hoort uiterlijk {by} weer van ons.",
    well="Is alles nu in orde? Zo niet, antwoord dan op dit bericht.",
    waits="We hebben uw bericht sinds {since} en zullen het beantwoorden.",
    waits_until="We hebben uw bericht sinds {since} en willen het uiterlijk {by} beantwoorden.",
    answered="We hebben u voor het laatst geantwoord: {at}. Is er nog iets open, schrijf ons dan.",
    nothing="Er staat niets van u open bij ons. Hebt u iets nodig, schrijf ons dan.",
    help="{shop}: een medewerker leest wat u hier schrijft en antwoordt. De tarieven van uw provider gelden. Antwoord "
    "STOP om geen berichten meer te krijgen, START om ze weer te krijgen.",
    topics="uw vraag | uw levering | uw aankoop | uw retour",
    spans="minuten uur dagen",
    weekdays="maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    months="januari februari maart april mei juni juli augustus september oktober november december",
    date="{weekday} {day} {month} {time}",
)
PORTUGUESE = Phrases(
    text="Obrigado por escrever para {shop}. Uma pessoa responderá em breve[, normalmente em {time}].",
    closed="Obrigado por escrever para {shop}. Estamos fechados; voltamos: {opens}.",
    call="Olá, ligou para {shop}. Diga-nos depois do sinal o que podemos fazer por si.",
    call_closed="Olá, ligou para {shop}. Estamos fechados agora; voltamos: {opens}.[ O nosso horário: {hours}.] "
    "Diga-nos depois do sinal o que podemos fazer por si.",
    complaint="Lamentamos que algo tenha corrido mal.",
    automatic="(Esta é uma resposta automática.)",
    subject="Uma mensagem de {shop}",
    link="Este link funciona por tempo limitado.",
    code="{code} é o seu código para {shop}. Alguém que nos escreve por outra via diz que este endereço também é seu. "
    "Se é você, escreva lá o código em 15 minutos. Se não, não faça nada.",
    still="Continuamos a tratar do assunto e não nos esquecemos de si.",
    again="Voltamos a dar notícias até {by}.",
    well="Está tudo bem agora? Se não, responda a esta mensagem.",
    waits="Temos a sua mensagem desde {since} e vamos responder.",
    waits_until="Temos a sua mensagem desde {since} e queremos responder até {by}.",
    answered="A nossa última resposta: {at}. Se algo estiver em aberto, escreva-nos.",
    nothing="Não temos nada seu em aberto. Se precisar de algo, escreva-nos.",
    help="{shop}: uma pessoa lê o que escreve aqui e responde. Aplicam-se as tarifas do seu operador. Responda STOP "
    "para não receber mais mensagens e START para voltar a recebê-las.",
    topics="a sua pergunta | a sua entrega | a sua compra | a sua devolução",
    spans="minutos horas dias",
    weekdays="segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    date="{weekday}, {day} de {month}, {time}",
)
POLISH = Phrases(
    text="Dziękujemy za wiadomość do {shop}. Wkrótce ktoś Państwu odpowie[, zwykle w ciągu {time}].",
    closed="Dziękujemy za wiadomość do {shop}. Teraz mamy zamknięte; wracamy: {opens}.",
    call="Dzień dobry, tu {shop}. Proszę powiedzieć po sygnale, w czym możemy pomóc.",
    call_closed="Dzień dobry, tu {shop}. Teraz mamy zamknięte; wracamy: {opens}.[ Nasze godziny: {hours}.] Proszę "
    "powiedzieć po sygnale, w czym możemy pomóc.",
    complaint="Przykro nam, że coś poszło nie tak.",
    automatic="(To jest odpowiedź automatyczna.)",
    subject="Wiadomość od {shop}",
    link="Ten link działa przez ograniczony czas.",
    code="{code} to Państwa kod dla {shop}. Ktoś, kto pisze do nas gdzie indziej, mówi, że ten adres też do niego "
    "należy. Jeśli to Państwo, proszę wpisać tam kod w ciągu 15 minut. Jeśli nie, nic nie trzeba robić.",
    still="Nadal się tym zajmujemy i o Państwu pamiętamy.",
    again="Odezwiemy się ponownie najpóźniej: {by}.",
    well="Czy teraz wszystko jest w porządku? Jeśli nie, proszę odpowiedzieć na tę wiadomość.",
    waits="Mamy Państwa wiadomość (od: {since}) i na nią odpowiemy.",
    waits_until="Mamy Państwa wiadomość (od: {since}) i chcemy odpowiedzieć najpóźniej: {by}.",
    answered="Nasza ostatnia odpowiedź: {at}. Jeśli coś jest jeszcze otwarte, proszę napisać.",
    nothing="Nie mamy żadnej otwartej sprawy od Państwa. Jeśli czegoś potrzeba, proszę napisać.",
    help="{shop}: to, co Państwo tu piszą, czyta człowiek i odpowiada. Obowiązują opłaty operatora. Odpowiedź STOP "
    "kończy wiadomości, odpowiedź START je wznawia.",
    topics="Państwa pytania | Państwa dostawy | Państwa zakupu | Państwa zwrotu",
    spans="minut godzin dni",
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
