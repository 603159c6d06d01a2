"""`shopbell promise`: what customers may expect of the shop, for its own pages, in each of its languages.

Hours and answer times are those that the clocks go by, so that nothing here can say otherwise.
"""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from chalicelib import hours, providers, wording
from chalicelib.desk import targets
from chalicelib.models.shop import Language, Shop
from chalicelib.models.values import Channel

NAMES = {  # of channels whose names are not the same in every language
    Channel.EMAIL: {"en": "Email", "de": "E-Mail", "fr": "E-mail", "es": "Correo", "it": "E-mail", "nl": "E-mail",
                    "pt": "E-mail", "pl": "E-mail"},
    Channel.WEBCHAT: {"en": "Chat", "de": "Chat", "fr": "Chat", "es": "Chat", "it": "Chat", "nl": "Chat",
                      "pt": "Chat", "pl": "Czat"},
}  # fmt: skip
PROPER = {
    Channel.SMS: "SMS",
    Channel.WHATSAPP: "WhatsApp",
    Channel.MESSENGER: "Messenger",
    Channel.INSTAGRAM: "Instagram",
    Channel.FACEBOOK_PAGE: "Facebook",
    Channel.INSTAGRAM_COMMENTS: "Instagram",
    Channel.TELEGRAM: "Telegram",
    Channel.LINE: "LINE",
    Channel.SLACK_CONNECT: "Slack Connect",
    Channel.VIBER: "Viber",
    Channel.DISCORD: "Discord",
    Channel.X: "X",
}


class Headings(NamedTuple):
    """One language. `within` says how soon, `open` by what clock that is counted."""

    who: str
    why: str
    hours: str
    answers: str
    delivery: str
    refund: str
    payment: str
    within: str
    open: str


HEADINGS: dict[Language, Headings] = {
    "en": Headings("Who we are", "Why us", "Opening hours", "How soon we answer", "Delivery", "Returns and refunds",
                   "Payment", "within {time}", "counted while we are open"),
    "de": Headings("Wer wir sind", "Warum wir", "Öffnungszeiten", "Wie schnell wir antworten", "Lieferung",
                   "Rückgabe und Erstattung", "Bezahlung", "innerhalb von {time}", "gezählt zu unseren Zeiten"),
    "fr": Headings("Qui nous sommes", "Pourquoi nous", "Horaires", "Nos délais de réponse", "Livraison",
                   "Retours et remboursements", "Paiement", "en {time} au plus", "comptés pendant nos horaires"),
    "es": Headings("Quiénes somos", "Por qué nosotros", "Horario", "Cuándo respondemos", "Envío",
                   "Devoluciones y reembolsos", "Pago", "en {time} como máximo", "contados durante nuestro horario"),
    "it": Headings("Chi siamo", "Perché noi", "Orari", "Quando rispondiamo", "Consegna", "Resi e rimborsi",
                   "Pagamento", "entro {time}", "contati durante i nostri orari"),
    "nl": Headings("Wie we zijn", "Waarom wij", "Openingstijden", "Hoe snel we antwoorden", "Levering",
                   "Retourneren en terugbetalen", "Betaling", "binnen {time}", "geteld terwijl we open zijn"),
    "pt": Headings("Quem somos", "Porquê nós", "Horário", "Quando respondemos", "Entrega",
                   "Devoluções e reembolsos", "Pagamento", "em até {time}", "contados durante o nosso horário"),
    "pl": Headings("Kim jesteśmy", "Dlaczego my", "Godziny otwarcia", "Jak szybko odpowiadamy", "Dostawa",
                   "Zwroty i reklamacje", "Płatność", "w ciągu {time}", "licząc godziny otwarcia"),
}  # fmt: skip


class Part(NamedTuple):
    heading: str
    lines: list[str]


def parts(shop: Shop, code: Language) -> list[Part]:
    """What is told in a language, in order; what the shop says nothing of is left out."""
    told, of, calendar = wording.promised(shop, code), HEADINGS[code], hours.of(shop, "")
    found = {
        of.who: [told["who"]],
        of.why: [told["why"]],
        of.hours: wording.opening(calendar, code) if calendar else [],
        of.answers: list(_answers(shop, code)),
        of.delivery: [told["delivery"]],
        of.refund: [told["refund"]],
        of.payment: [told["payment"]],
    }
    return [Part(heading, lines) for heading, lines in found.items() if any(lines)]


def as_text(shop: Shop, code: Language) -> str:
    told = ["\n".join([heading.upper(), *lines]) for heading, lines in parts(shop, code)]
    return "\n\n".join([shop.name, *told])


def as_html(shop: Shop, code: Language) -> str:
    """A piece of a page: it takes the shop's own fonts and colours."""
    told = "".join(
        f"\n  <h3>{escape(heading)}</h3>\n  <p>{'<br>'.join(map(escape, lines))}</p>"
        for heading, lines in parts(shop, code)
    )
    return f'<section class="promise" lang="{code}">\n  <h2>{escape(shop.name)}</h2>{told}\n</section>'


def _answers(shop: Shop, code: Language) -> Iterator[str]:
    """How soon a first answer comes on each channel that customers write on, those together that take as long."""
    times: dict[int, list[str]] = {}
    known = (providers.load(name).channel for name in shop.providers)
    for channel in dict.fromkeys(one for one in known if one and one is not Channel.SLACK):
        if minutes := targets.first(shop, channel):
            times.setdefault(minutes, []).append(PROPER.get(channel) or NAMES[channel][code])
    for minutes, names in sorted(times.items()):
        yield f"{', '.join(names)}: {HEADINGS[code].within.format(time=wording.span(minutes, shop, code))}"
    if times and hours.of(shop, ""):
        yield f"({HEADINGS[code].open})"
