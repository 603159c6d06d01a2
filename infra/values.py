"""Local values for every setting that the caller's environment leaves open: the shop runs without any account."""

import base64
import hashlib
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from chalicelib import providers, settings
from chalicelib.models.provider import Live
from chalicelib.models.shop import Shop
from infra.simulate import pairs

OUT = ("api_url", "reply_url", "sns_url")  # fields that say where a provider's calls go
PATHS = {  # where in the outside world, if not at the bare name
    "slack": "/slack/api",
    "slack_connect": "/slack_connect/api",
    "custom": "/custom/answers",
    "mime": "/mime/mail",
}
NOBODY = "NOBODY"  # an account that does not exist: its values are well-formed and wrong

# What a provider, or its part of the outside world, wants to look like itself. All else is a word.
FORMS = {
    ("twilio_sms", "account_sid"): "AC{hex}",
    ("twilio_sms", "number"): "+4930{digits}",
    ("twilio_voice", "account_sid"): "AC{hex}",
    ("twilio_voice", "number"): "+4938{digits}",
    ("vonage", "api_key"): "{digits}",
    ("vonage", "number"): "4931{digits}",
    ("telnyx", "public_key"): "{pair}",
    ("telnyx", "number"): "+4932{digits}",
    ("plivo", "number"): "4933{digits}",
    ("bandwidth", "webhook_user"): "bandwidth",
    ("bandwidth", "number"): "+1206{digits}",
    ("sinch", "number"): "+4934{digits}",
    ("infobip", "webhook_user"): "infobip",
    ("infobip", "number"): "4935{digits}",
    ("messagebird", "number"): "4936{digits}",
    ("aws_sms", "topics"): "arn:aws:sns:us-east-1:000000000000:shopbell-sms{account}",
    ("aws_sms", "number"): "+4937{digits}",
    ("whatsapp", "phone_number_id"): "1{digits}",
    ("twilio_whatsapp", "account_sid"): "AC{hex}",
    ("twilio_whatsapp", "number"): "+4937{digits}",
    ("telegram", "bot_token"): "{digits}:{word}",
    ("chatwoot", "account_id"): "{digits}",
    ("intercom", "admin_id"): "{digits}",
    ("postmark", "webhook_user"): "postmark",
    ("postmark", "sender"): "hello{account}@shop.example",
    ("postmark", "inbound_address"): "inbound{account}@shop.example",
    ("resend", "webhook_secret"): "whsec_{key}",
    ("resend", "sender"): "hello{account}@resend.shop.example",
    ("resend", "inbound_address"): "inbound{account}@resend.shop.example",
    ("resend", "verdict_server"): "amazonses.com",
    ("ses", "topics"): "arn:aws:sns:us-east-1:000000000000:shopbell-mail{account}",  # as the local AWS has it
    ("ses", "sender"): "hello{account}@ses.shop.example",
    ("ses", "inbound_address"): "inbound{account}@ses.shop.example",
    ("discord", "public_key"): "{hexpair}",
    ("sendgrid", "parse_key"): "{curve}",
    ("sendgrid", "event_key"): "{curve}",
    ("sendgrid", "sender"): "hello{account}@sendgrid.shop.example",
    ("sendgrid", "inbound_address"): "inbound{account}@in.sendgrid.shop.example",
    ("mailgun", "webhook_user"): "mailgun",
    ("mailgun", "domain"): "mailgun.shop.example",
    ("mailgun", "sender"): "hello{account}@mailgun.shop.example",
    ("mailgun", "inbound_address"): "inbound{account}@mailgun.shop.example",
    ("mailgun", "verdicts"): "yes",
    ("mandrill", "sender"): "hello{account}@mandrill.shop.example",
    ("mandrill", "inbound_address"): "inbound{account}@in.mandrill.shop.example",
    ("brevo", "webhook_user"): "brevo",
    ("brevo", "sender"): "hello{account}@brevo.shop.example",
    ("brevo", "inbound_address"): "inbound{account}@reply.brevo.shop.example",
    ("brevo", "verdict_server"): "inbound.brevo.example",
    ("mime", "webhook_secret"): "whsec_{key}",
    ("mime", "user"): "mime",
    ("mime", "sender"): "hello{account}@mime.shop.example",
    ("mime", "inbound_address"): "hello{account}@mime.shop.example",
    ("mime", "verdict_server"): "mx.cloudflare.net",
    ("custom", "signing_secret"): "whsec_{key}",
    ("slack", "bot_token"): "xoxb-{word}",
    ("slack_connect", "bot_token"): "xoxb-{word}",
}


def complete(given: Mapping[str, str], rules: Shop, world: str) -> dict[str, str]:
    """Every SHOPBELL_ setting of `given`, and a local value for each that it leaves open.

    `world` is the outside world's address. An account of which a secret is the caller's is the caller's own: its
    calls go where its provider really is, unless `given` says otherwise.
    """
    found = {name: value for name, value in given.items() if name.startswith(settings.PREFIX) and value}
    for provider, account, table in rules.accounts():
        found |= _left_open(provider, account, {**table, **_of(provider, account, found)}, world)
    return found


def local(provider: str, account: str, field: str) -> str:
    """The local value of a setting: the same on every run, another for each account."""
    seed = hashlib.sha256("/".join((provider, account, field)).encode())
    return FORMS.get((provider, field), "local-{word}").format(
        account=f".{account.lower()}" if account else "",
        digits=str(int(seed.hexdigest(), 16))[:8],
        hex=seed.hexdigest()[:32],
        hexpair=pairs.pair(seed.digest(), hexadecimal=True),
        key=base64.b64encode(seed.digest()).decode(),
        pair=pairs.pair(seed.digest()),
        curve=pairs.curve(seed.digest()),
        word=base64.b32encode(seed.digest())[:20].decode().lower(),
    )


def config(provider: str, account: str, values: Mapping[str, str], rules: Shop) -> Any:
    """A provider's Config from settings by their environment names; what shop.toml says counts less."""
    return providers.load(provider).Config.model_validate(_settings(provider, account, values, rules))


def stranger(provider: str, known: Any) -> Any:
    """`known` with other secrets: whoever signs with them is not the provider."""
    fields = [name for name, field in type(known).model_fields.items() if is_secret(field)]
    return type(known).model_validate(
        {**known.model_dump(), **{name: local(provider, NOBODY, name) for name in fields}}
    )


def beyond(provider: str, account: str, values: Mapping[str, str], rules: Shop) -> str:
    """The address beyond this machine that a provider's calls go to; empty where they stay here."""
    known = config(provider, account, values, rules)
    addresses = [getattr(known, field, "") for field in OUT]
    return next((address for address in addresses if address and not _is_here(address)), "")


def is_secret(field: Any) -> bool:
    """Whether a field of a Config holds secrets: these are an account's credentials."""
    return bool(field.annotation == Live)


def _left_open(provider: str, account: str, set_already: Mapping[str, Any], world: str) -> dict[str, str]:
    fields = providers.load(provider).Config.model_fields
    theirs = any(is_secret(fields[name]) for name in set_already if name in fields)
    values: dict[str, str] = {}
    for name in [name for name in fields if name not in set_already]:
        if name in OUT:
            values |= {} if theirs else {name: world + PATHS.get(provider, f"/{provider}")}
        elif (provider, name) in FORMS or not (fields[name].json_schema_extra or {}).get("optional"):
            values[name] = local(provider, account, name)
    return {settings.variable(provider, account, name): value for name, value in values.items()}


def _settings(provider: str, account: str, values: Mapping[str, str], rules: Shop) -> dict[str, Any]:
    tables = {(name, other): table for name, other, table in rules.accounts()}
    return {**tables.get((provider, account), {}), **_of(provider, account, values)}


def _of(provider: str, account: str, values: Mapping[str, str]) -> dict[str, str]:
    """The fields of an account that are set in the environment."""
    names = {
        field: settings.variable(provider, account, field) for field in providers.load(provider).Config.model_fields
    }
    return {field: values[name] for field, name in names.items() if values.get(name)}


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
