"""What a change set would change, in words of a person who knows the shop and not CloudFormation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

HOLDS = ("Table", "Bucket", "Queue", "DeadLetters", "MailQueue")  # what holds customers' words
VERBS = {"Add": "new", "Modify": "changed", "Remove": "removed", "Import": "taken over", "Dynamic": "perhaps changed"}
ANEW = {"True": "made anew", "Conditional": "perhaps made anew"}

KINDS = {  # a type, as one and as many
    "AWS::ApiGateway::Deployment": ("state of the API", "states of the API"),
    "AWS::ApiGateway::RestApi": ("API", "APIs"),
    "AWS::ApiGateway::Stage": ("address of the API", "addresses of the API"),
    "AWS::CloudWatch::Alarm": ("alarm", "alarms"),
    "AWS::DynamoDB::Table": ("table", "tables"),
    "AWS::Events::Rule": ("clock", "clocks"),
    "AWS::IAM::Role": ("role", "roles"),
    "AWS::Lambda::EventSourceMapping": ("way from a queue to a function", "ways from a queue to a function"),
    "AWS::Lambda::Function": ("function", "functions"),
    "AWS::Lambda::Permission": ("permission to call a function", "permissions to call a function"),
    "AWS::Logs::LogGroup": ("log", "logs"),
    "AWS::S3::Bucket": ("bucket", "buckets"),
    "AWS::S3::BucketPolicy": ("access rule", "access rules"),
    "AWS::SNS::Subscription": ("subscription", "subscriptions"),
    "AWS::SNS::Topic": ("topic", "topics"),
    "AWS::SNS::TopicPolicy": ("access rule", "access rules"),
    "AWS::SQS::Queue": ("queue", "queues"),
    "AWS::SQS::QueuePolicy": ("access rule", "access rules"),
}
STAYS = {  # types and properties that AWS changes without interruption, whatever a stand-in fears; see its reference
    ("AWS::S3::Bucket", "LifecycleConfiguration"),
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"),
}
PROPERTIES = {  # what of it changes
    "Body": "its paths",
    "Code": "its code",
    "DeploymentId": "its paths",
    "Environment": "what it is told",
    "LifecycleConfiguration": "how long files are kept",
    "MemorySize": "its memory",
    "MethodSettings": "how many calls it takes",
    "Policies": "what it may do",
    "RetentionInDays": "how long it is kept",
    "Runtime": "its Python",
    "TimeToLiveSpecification": "whether its rows fade",
    "Timeout": "how long it may run",
}


class Change(NamedTuple):
    """One thing that would change. What is made anew does not hold what the old one held."""

    verb: str  # a value of VERBS
    name: str  # in the template
    type: str
    properties: tuple[str, ...] = ()
    anew: str = ""  # a value of ANEW
    follows: bool = False  # only because something else changes, and perhaps not at all

    @property
    def loses(self) -> bool:
        """Whether it parts Shopbell from what customers wrote."""
        return self.name in HOLDS and bool(self.anew or self.verb == "removed")


def read(found: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The changes of a change set, as CloudFormation lists them."""
    return tuple(_change(one["ResourceChange"]) for one in found if "ResourceChange" in one)


def words(changes: Sequence[Change]) -> list[str]:
    """A line for each thing that a person should know; what is only new or gone is counted."""
    lines = [f"{verb}: {_counted(changes, verb)}" for verb in ("new", "taken over", "removed") if _of(changes, verb)]
    altered = [change for change in changes if change.verb in ("changed", "perhaps changed")]
    lines += [_altered(change) for change in altered if not change.follows]
    following = [_kind(change) for change in altered if change.follows]
    lines += [f"perhaps touched by it: {_listed(following)}"] if following else []
    return lines + list(_warnings(changes))


def _change(found: Mapping[str, Any]) -> Change:
    targets = [detail.get("Target", {}) for detail in found.get("Details", ())]
    named = [target["Name"] for target in targets if target.get("Name")]
    changed = named or [scope for scope in found.get("Scope", ()) if scope != "Properties"]
    return Change(
        VERBS.get(found["Action"], "perhaps changed"),
        found["LogicalResourceId"],
        found["ResourceType"],
        tuple(sorted(set(changed))),
        "" if _stays(found, changed) else ANEW.get(found.get("Replacement", ""), ""),
        {detail.get("Evaluation") for detail in found.get("Details", ())} == {"Dynamic"},
    )


def _stays(found: Mapping[str, Any], changed: Iterable[str]) -> bool:
    """Whether all that changes is known to leave the thing in its place, where the change set is not sure."""
    those = {(found["ResourceType"], name) for name in changed}
    return found.get("Replacement") == "Conditional" and bool(those) and those <= STAYS


def _of(changes: Sequence[Change], verb: str) -> list[Change]:
    return [change for change in changes if change.verb == verb]


def _counted(changes: Sequence[Change], verb: str) -> str:
    return _listed([_kind(change) for change in _of(changes, verb)])


def _listed(kinds: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{count} {many if count > 1 else one}" for (one, many), count in sorted(Counter(kinds).items()))


def _kind(change: Change) -> tuple[str, str]:
    return KINDS.get(change.type, (change.type, change.type))


def _altered(change: Change) -> str:
    what = ", ".join(PROPERTIES.get(name, name) for name in change.properties)
    return f"{change.anew or change.verb}: {_kind(change)[0]} {change.name}{f' ({what})' if what else ''}"


def _warnings(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        if change.loses:
            fate = change.anew or change.verb
            yield f"Careful: {_kind(change)[0]} {change.name} would be {fate}; Shopbell would not see what it holds now"
