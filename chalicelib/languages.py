"""Which language a text is written in: by its script, and within a script by letters and common words. Pure.

No library: on the held-out texts of tests/texts/languages.toml this is right as often as the best of those that were
measured, and the only one of them that fits into the package.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from chalicelib.models.inbound import Message
from chalicelib.models.people import Contact

LONGEST = 600  # characters of a text that are looked at
SURE = 0.3  # of a word that no other language has: less is a guess
AHEAD = 1.1  # times as much as the next language
LETTER, ENDING = 0.6, 0.25  # what a letter, or how a word ends, weighs against a whole word
SHORTEST_STEM = 3  # letters that stand before an ending
NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
    "pt": "Portuguese", "pl": "Polish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish",
    "cs": "Czech", "tr": "Turkish", "ro": "Romanian", "hu": "Hungarian", "ru": "Russian", "uk": "Ukrainian",
    "el": "Greek", "ar": "Arabic", "he": "Hebrew", "hi": "Hindi", "th": "Thai", "ja": "Japanese", "ko": "Korean",
    "zh": "Chinese",
}  # fmt: skip
ALSO = {"nb": "no", "nn": "no", "iw": "he"}  # other codes of the same
SCRIPTS = (  # first and last letter, and the languages that are written so; kana before the signs it is mixed with
    ("\u3040", "\u30ff", "ja"), ("\uac00", "\ud7af", "ko"), ("\u4e00", "\u9fff", "zh"), ("\u0370", "\u03ff", "el"),
    ("\u0590", "\u05ff", "he"), ("\u0600", "\u06ff", "ar"), ("\u0900", "\u097f", "hi"), ("\u0e00", "\u0e7f", "th"),
    ("\u0400", "\u04ff", "ru uk"),
    ("a", "\u024f", "en de fr es it nl pt pl sv da no fi cs tr ro hu"),
)  # fmt: skip
LETTERS = {
    "de": "ßäöü", "fr": "çèêàùœîôû", "es": "ñ¿¡áíóú", "it": "àèìòù", "pt": "ãõçáâêó", "pl": "łąęśżźćń", "sv": "åäö",
    "da": "æøå", "no": "æøå", "fi": "äö", "cs": "řěůčšžýáí", "tr": "ışğçöü", "ro": "ășțşţâî", "hu": "őűáéóöü",
    "ru": "ыэёъ", "uk": "іїєґ",
}  # fmt: skip
ENDINGS = {
    "en": "ing tion ed ly ness", "de": "ung ungen lich chen ieren keit heit", "fr": "tion eux ais ait ment ez eau",
    "es": "ción dad ado ando iendo amos ita", "it": "zione are ere ato ata mente ità etto", "nl": "ing lijk en tje jes",
    "pt": "ção ções ado ando agem inho ões", "pl": "nie ość ów ego łem łam cie ny", "sv": "ning arna igt ade het",
    "da": "ning erne ede lig hed", "no": "ning ene ede lig het", "fi": "ssa ssä sta stä lla llä kin ani eni tte aan",
    "cs": "ost ní ého ých ala ala ete", "tr": "lar ler iyor yor mek mak dım dim niz sınız siniz miyim nız",
    "ro": "ul ului ile ați eți esc are tea", "hu": "ban ben nak nek tam tem ható ség ság nék tok hoz hez",
    "ru": "ть ться ого ему", "uk": "ти ться ого ення",
}  # fmt: skip
WORDS = {
    "en": """the a an is are was were be been i my me you your it its this that there of to in on at for from with and
        or but not no do does did don't have has had can could will would should please thanks thank hello hi hey good
        morning where when what which who why how order ordered package parcel delivery delivered shipping ship address
        refund return money size colour color broken damaged wrong missing still yet again already today yesterday
        tomorrow arrived received item open still invoice password cancel charged twice what's i'm i'd anyone any than
        too very much more we our they would like get got need want just one only working work""",
    "de": """der die das den dem des ein eine einen einem einer ist sind war waren sein ich mein meine meinen meiner
        mir mich du sie ihr ihre ihren wir uns es dies diese dieser dieses und oder aber nicht kein keine kann können
        könnte könnten könnt möchte will wird werden wurde haben habe hat hatte habt bitte danke vielen dank hallo
        guten morgen tag wo wann was welche welcher wer warum wie bestellung bestellt auftrag paket päckchen lieferung
        geliefert liefern versand adresse rückgabe zurück geld größe farbe kaputt defekt falsch fehlt noch schon wieder
        heute gestern angekommen erhalten artikel rechnung passwort stornieren zum zur im am auf für von vom mit nach
        auch mal nochmal zweimal gibt da so dass seit immer bei aus über bleibt sehr leider ware laden schöner
        funktioniert mehr nur doch schicken vergessen stimmt""",
    "fr": """le la les l' un une des du de d' est sont était je j' mon ma mes moi vous votre vos il elle on ce cette
        ces c' qui que qu' ne n' pas plus et ou mais pour par avec dans sur au aux en à sans puis peux pouvez pourriez
        voudrais veux avez avons ai a été merci beaucoup bonjour salut bonsoir où quand quoi quel quelle quels pourquoi
        comment commande commandé colis livraison livré livrer adresse remboursement retour renvoyer argent taille
        couleur cassé cassée abîmé mauvais manque encore toujours déjà aujourd'hui hier demain arrivé reçu article
        facture mot passe annuler fois deux bien très jolie s' est-ce suis êtes ouverts oublié photo svp""",
    "es": """el la los las un una unos unas lo del de al es son era está están yo mi mis me usted ustedes su sus tu te
        se nos este esta esto ese eso que qué y o pero no si sí por para con en a sin puedo pueden puede podría
        quisiera quiero tienen tiene tengo he ha han hay gracias muchas hola buenos buenas días tardes dónde donde
        cuándo cuando cuál quién cómo como cuánto pedido paquete envío enviar entrega dirección reembolso devolver
        devolución dinero talla color roto rota dañado equivocado falta todavía aún ya hoy ayer mañana llegó llegado
        llega recibido artículo factura contraseña cancelar cancelen favor veces dos vez otra más muy tan tienda foto
        abren olvidado""",
    "it": """il lo la i gli le l' un uno una un' di del dello della dei degli delle d' da dal dalla è sono era ho ha
        hanno abbiamo avete io mio mia miei mie mi vi ci si lei vostro vostra questo questa questi quello che e o ma
        non per con in nel nella su sul al alla allo posso potete può vorrei voglio grazie mille ciao salve buongiorno
        buonasera dove dov'è quando cosa quale chi perché come quanto ordine ordinato pacco spedizione spedite consegna
        indirizzo rimborso restituire reso soldi taglia colore rotto rotta danneggiato sbagliato manca ancora già oggi
        ieri domani arrivato arrivata arriva ricevuto articolo fattura password annullare annullate volte due volta di
        nuovo più molto favore bel negozio foto aperti dimenticato anche stato""",
    "nl": """de het een van is zijn was waren ik mijn mij me u uw jij je jullie wij we ons hij zij ze dit dat deze die
        er en of maar niet geen kan kunt kunnen kunnen wil willen graag zou wordt worden heb heeft hebben had bedankt
        dank hartelijk hallo hoi goedemorgen goedendag dag waar wanneer wat welke wie waarom hoe bestelling besteld
        pakket pakje levering leveren geleverd bezorgd bezorging verzending adres terug terugsturen retour geld maat
        kleur kapot stuk beschadigd verkeerd ontbreekt nog steeds al weer vandaag gisteren morgen aangekomen ontvangen
        artikel factuur rekening wachtwoord annuleren keer twee eens ook op aan in voor met naar bij te ten wat leuke
        winkel klopt foto vergeten blijft open heel""",
    "pt": """o a os as um uma uns umas do da dos das de no na nos nas ao à pelo pela em é são era está estão eu meu
        minha meus minhas me você vocês seu sua se lhe este esta isto esse isso aquele que e ou mas não sim por para
        com sem posso podem pode poderia queria gostaria quero têm tem tenho há foi obrigado obrigada muito olá oi bom
        boa dia tarde onde quando qual quem porque como quanto encomenda pedido pacote envio entrega entregam enviar
        endereço morada reembolso devolver devolução dinheiro tamanho cor partido quebrado danificado errado falta
        ainda já hoje ontem amanhã chegou chega recebi artigo produto fatura senha palavra-passe cancelar cancelem vez
        vezes duas outra mais loja linda cartão fotografia esqueci favor igual abertos maior""",
    "pl": """i w na z do że się nie to jest są był była było ja mój moja moje mojego mi mnie pan pani państwo wy was
        czy ale lub albo o od po za przez dla jak jaki jaka kiedy gdzie co kto dlaczego ile który która proszę prosić
        dziękuję dzięki dzień dobry cześć witam zamówienie zamówienia zamówiłem zamówiłam paczka paczki paczkę
        przesyłka dostawa wysyłka wysyłacie adres zwrot zwrócić pieniądze pieniędzy rozmiar kolor zepsuty zepsute
        uszkodzony zły brakuje jeszcze już dziś dzisiaj wczoraj jutro dotarła doszło przyszła otrzymałem towar faktura
        fakturę hasło hasła anulować mogę można możecie chcę chciałbym chciałabym razy dwa raz bardzo sklep wciąż nadal
        większy ładny zdjęciem zapomniałem jesteście otwarci mam""",
    "sv": """en ett den det de är var vara jag min mitt mina mig du ni er ert vi oss han hon som och eller men inte
        ingen kan skulle vill ska har hade blir tack hej god morgon dag när vad vilken vem varför hur beställning
        beställt order paket paketet leverans levereras levererat frakt skickar skicka adress adressen återbetalning
        retur tillbaka pengar pengarna storlek färg färgen trasig skadad fel saknas fortfarande redan igen idag igår
        imorgon kommit kom fått vara faktura fakturan lösenord avbeställ gånger två också mycket på i av för från med
        till om kvar lager öppet glömt finns vänligen stämmer fin butik mitt ännu söndag""",
    "da": """en et den det de er var være jeg min mit mine mig du i jer jeres vi os han hun som og eller men ikke ingen
        kan skulle vil skal har havde bliver blev tak mange hej god godmorgen dag hvor hvornår hvad hvilken hvem
        hvorfor hvordan bestilling bestilt ordre pakke pakken levering leveret fragt sender sende adresse adressen
        refusion returnere tilbage penge pengene størrelse farve farven stykker gået skadet forkert mangler stadig
        allerede igen idag går kommet kom fået vare faktura fakturaen adgangskode annullere gange to også meget på af
        for fra med til om lager åbent glemt gerne venlig dejlig butik billedet passer søndagen trukket endnu ikke""",
    "no": """en et ei den det de er var være jeg min mitt mine meg du dere deres vi oss han hun som og eller men ikke
        ingen kan skulle vil skal har hadde blir ble takk tusen hei god morgen dag hvor når hva hvilken hvem hvorfor
        hvordan bestilling bestillingen bestilt ordre pakke pakken levering levert frakt sender sende adresse adressen
        refusjon returnere tilbake penger pengene størrelse farge fargen ødelagt skadet feil mangler fortsatt allerede
        igjen på nytt idag går kommet kom fått vare faktura fakturaen passord passordet kanseller ganger to også veldig
        i av for fra med til om lager åpent glemt ønsker vennligst fin butikk bildet stemmer søndag trukket ennå""",
    "fi": """ja on ei ole oli olen olet se ne tämä tätä tuo minun minä minulle sinä te teidän me mutta tai että kun jos
        vai niin myös vielä vieläkään jo nyt taas uudelleen missä milloin mikä mitä kuka miksi miten kuinka voinko
        voiko voitteko haluan haluaisin pyydän kiitos kiitoksia paljon hei moi terve hyvää huomenta päivää tilaus
        tilaukseni tilauksen tilasin paketti pakettia toimitus toimitatteko lähetys lähettää osoite osoitetta palautus
        palauttaa rahat koko kokoa väri rikki vaurioitunut väärä puuttuu tänään eilen huomenna tuli tulee saapunut sain
        tuote lasku laskun salasana salasanani peruuttaa kahdesti kaksi kertaa tosi kiva kauppa auki varastossa unohdin
        onko ettei eikä vastaa kuvaa oletteko""",
    "cs": """a v na z do že se si to je jsou byl byla bylo jsem já můj moje mého mi mě vy vás vám ale nebo o od po za
        pro jak jaký kdy kde co kdo proč kolik který prosím děkuji díky dobrý den ahoj objednávka objednávku objednávky
        objednal balík balíček zásilka dodání doručeno doručení posíláte poslat adresu adresa vrácení vrátit peníze
        velikost velikosti barva rozbitý rozbité poškozený špatný chybí ještě už dnes včera zítra přišel přišlo přišla
        dostal zboží faktura fakturu heslo zrušit zrušte mohu můžete můžu chci chtěl chtěla dvakrát krát znovu velmi
        moc obchod stále pořád skladem máte mám otevřeno zapomněl je ta i ve""",
    "tr": """bir bu şu o ve veya ama değil mi mı mu mü ne nasıl nerede nereye ne zaman kim neden kaç hangi var yok ben
        benim bana siz size sizin biz için ile gibi kadar daha çok en hâlâ hala henüz artık lütfen teşekkür teşekkürler
        sağ olun merhaba selam günaydın iyi günler sipariş siparişim siparişi siparişimi paket kargo kargom teslimat
        gönderiyor gönderir adres adresi iade para param beden renk rengi bozuk kırık hasarlı yanlış eksik bugün dün
        yarın geldi gelmedi gelir ulaştı ulaşmadı aldım ürün fatura faturayı şifre şifremi iptal etmek edin istiyorum
        kez iki tekrar güzel dükkan açık unuttum büyük numaralı müsünüz musunuz misiniz""",
    "ro": """un o unei al a ai ale cel cea este sunt era eu meu mea mele mi îmi mă dumneavoastră vă voi voastră noi și
        sau dar nu da în la pe cu din de pentru prin fără că ca ce cine când unde cum cât care mai pot puteți poate
        vreau aș vrea doresc aveți am ați au mulțumesc mult mersi bună ziua dimineața salut comanda comandă comenzii
        comandat coletul colet pachetul livrare livrați livrarea trimite trimiteți adresa rambursare retur returnez
        banii mărime mărimea culoare culoarea stricat stricată deteriorat greșit lipsește încă deja azi astăzi ieri
        mâine ajuns ajunge venit primit produs factura parola anulați anulez ori două rog iar nou foarte magazin frumos
        poză uitat deschiși stoc s-au luat""",
    "hu": """a az egy és vagy de nem igen van vannak volt én nekem engem ön önök ez ezt az azt ezek hogy ha mert is
        csak már még mindig újra megint hol mikor mi mit ki miért hogyan mennyi melyik melyiket lehet tudom tudnák
        kérem kérek köszönöm köszi nagyon szia üdvözlöm jó napot reggelt rendelés rendelésem rendelést rendeltem csomag
        csomagom csomagot szállítás szállítanak kiszállítás cím címet visszaküldeni visszatérítés vissza pénz pénzt
        méret szín elromlott törött sérült rossz hiányzik ma tegnap holnap megjött érkezett megérkezett kaptam termék
        számla számlát jelszó jelszavamat törölni töröljék kétszer szeretném szeretnék bolt szép nyitva készleten ebből
        ettől nagyobb küldeni elfelejtettem jön""",
    "ru": """и в на с не что это как где когда кто почему сколько какой какая мой моя моё мои мне меня я вы вас вам ваш
        мы он она но или за по для из от до у же бы ли ещё еще уже опять снова сегодня вчера завтра можно могу хочу
        пожалуйста спасибо здравствуйте привет добрый день доброе утро заказ заказа посылка доставка адрес возврат
        вернуть деньги размер цвет сломан сломана не пришла пришло пришёл получил получила счёт пароль отмените есть
        раза два очень магазин нет работаете такой пришлите сих пор""",
    "uk": """і й в у на з не що це як де коли хто чому скільки який яка мій моя моє мої мені мене я ви вас вам ваш ми
        він вона але чи або за по для із від до ще вже знову сьогодні вчора завтра можна можу хочу будь ласка дякую
        щиро вітаю привіт добрий доброго день ранку замовлення посилка посилку доставка доставляєте адреса адресу
        повернення повернути гроші розмір колір зламана зламаний прийшло надійшла отримав отримала рахунок пароль
        скасуйте є двічі дуже магазин немає працюєте такий надішліть досі""",
}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ELSEWHERE = re.compile(r"\S+@\S+|\S+://\S+|www\.\S+|#\S+")  # no words of the customer's own language


def tag(named: str) -> str:
    """A language as others name it (`de`, `de-AT`, `pt_BR`), by its code here; empty for one that is not known."""
    code = re.split("[-_,;]", named.strip().lower(), maxsplit=1)[0]
    return code if code in NAMES else ALSO.get(code, "")


def named(word: str) -> str:
    """The code of a language that somebody writes out, in English, or as `tag` takes it; empty where there is none."""
    return next((code for code, name in NAMES.items() if name.lower() == word.lower()), "") or tag(word)


def spoken(message: Message, before: Contact | None) -> str:
    """A customer's language: what an agent set, what the channel tells, what it was before, what the words are."""
    known = before.language if before else ""
    if before and before.language_by:
        return known
    return tag(message.language) or known or detect(message.text)


def detect(text: str) -> str:
    """The code of the language that `text` is written in; empty where that is not sure."""
    plain = unicodedata.normalize("NFC", _ELSEWHERE.sub(" ", text[:LONGEST])).casefold()
    candidates = _written_by(plain)
    if len(candidates) < 2:
        return "".join(candidates)
    weighed = _weighed(plain, candidates)
    second, first = sorted(weighed, key=weighed.__getitem__)[-2:]
    return first if weighed[first] >= max(SURE, AHEAD * weighed[second]) else ""


def _written_by(plain: str) -> list[str]:
    """The languages of the script that most of the letters are of. A little kana makes Japanese of Chinese signs."""
    letters = [one for one in plain if one.isalpha()]
    counts = Counter({langs: sum(first <= one <= last for one in letters) for first, last, langs in SCRIPTS})
    counts["ja"] += counts["zh"] if counts["ja"] else 0
    langs, count = max(counts.items(), key=lambda item: item[1])
    return langs.split() if count else []


def _weighed(plain: str, candidates: list[str]) -> dict[str, float]:
    """What speaks for each language: its words, its letters, how words end. What several have counts less."""
    found = dict.fromkeys(candidates, 0.0)
    for word in _words(plain):
        known = [code for code in _by_word().get(bare(word), ()) if code in candidates]
        ends = [code for code in candidates if _ends(word, code)] if not known else []
        for codes, weight in ((known, 1.0), (ends, ENDING)):
            for code in codes:
                found[code] += weight / len(codes) ** 1.5
    for letter in set(plain) - set("abcdefghijklmnopqrstuvwxyz"):
        having = [code for code in candidates if letter in LETTERS.get(code, "")]
        for code in having:
            found[code] += LETTER / len(having)
    return found


def _words(plain: str) -> Iterator[str]:
    """The words, an elided article by itself: l'ordine is l' and ordine, and one word too where it is known so."""
    for word in _WORD.findall(plain.replace("’", "'")):
        before, mark, behind = word.partition("'")
        whole = not mark or bare(word) in _by_word()
        yield from [word] if whole else [f"{before}'", behind]


def _ends(word: str, code: str) -> bool:
    return any(word.endswith(one) and len(word) >= len(one) + SHORTEST_STEM for one in _endings()[code])


@cache
def _endings() -> Mapping[str, tuple[str, ...]]:
    return {code: tuple(endings.split()) for code, endings in ENDINGS.items()}


@cache
def _by_word() -> Mapping[str, tuple[str, ...]]:
    """Which languages have a word, written without its marks."""
    found: dict[str, list[str]] = {}
    for code, words in WORDS.items():
        for word in {bare(word) for word in words.split()}:
            found.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in found.items()}


def bare(text: str) -> str:
    """The letters without their marks: many leave them out. A ł is no l with a mark to Unicode."""
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one)).replace(
        "ł", "l"
    )
