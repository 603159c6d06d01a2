"""The template: least privilege read from it, what makes it safe to deploy, and how it gets into a stack."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from chalicelib import journal, settings
from chalicelib.store.rows import FADES
from infra import local, package, retention

ROOT = Path(__file__).parents[1]
ROLES = {"APIHandler": "ApiHandlerRole", "Mail": "MailRole", "Worker": "WorkerRole", "Tick": "TickRole"}
NAMES = {"APIHandler": "webhook", "Mail": "mail", "Worker": "worker", "Tick": "tick"}
SHARED = ("Table", "Queue", "DeadLetters", "Bucket", "MailQueue")

ACCOUNT = "${AWS::Region}:${AWS::AccountId}"
LOG = "arn:${AWS::Partition}:logs:" + ACCOUNT + ":log-group:/aws/lambda/${AWS::StackName}-%s:*"
SENDERS = [f"arn:${{AWS::Partition}}:ses:{ACCOUNT}:{kind}/*" for kind in ("configuration-set", "identity")]
NUMBERS = [f"arn:${{AWS::Partition}}:sms-voice:{ACCOUNT}:{kind}/*" for kind in ("phone-number", "pool")]
SECRETS = "arn:${AWS::Partition}:ssm:" + ACCOUNT + ":parameter/shopbell/${Stage}/%s/*"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return package.render(ROOT, tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """As CloudFormation sees it, when SAM is done with it."""

    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        given = {"CodeBucket": "bucket", "CodeKey": "key"}
        done: dict[str, Any] = transform(json.loads(json.dumps(template)), given, NoPolicies())
    return done


def named(resource: Any) -> str:
    """A policy's resource as one word: GetAtt Table.Arn and Sub ${Table.Arn} are the same."""
    if "Fn::GetAtt" in resource:
        return "${" + ".".join(resource["Fn::GetAtt"]) + "}"
    return str(resource["Fn::Sub"])


def both_ways(name: str) -> list[str]:
    """A log group as it is named for reading: AWS asks for the one with its streams, its reference and the local AWS
    for the one without."""
    return [LOG % name, (LOG % name).removesuffix(":*")]


def statements(template: Mapping[str, Any], function: str) -> list[dict[str, Any]]:
    role = template["Resources"][ROLES[function]]["Properties"]
    return [said for policy in role["Policies"] for said in policy["PolicyDocument"]["Statement"]]


def allowed(template: Mapping[str, Any], function: str) -> set[tuple[str, str]]:
    return {
        (action, named(resource))
        for statement in statements(template, function)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def properties(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


# ---- least privilege -------------------------------------------------------------------------------------------------


def test_the_public_function_can_send_to_one_queue_keep_raw_bodies_and_read_inbound_secrets(
    template: dict[str, Any],
) -> None:
    assert allowed(template, "APIHandler") == {
        ("sqs:SendMessage", "${Queue.Arn}"),
        ("s3:PutObject", "${Bucket.Arn}/raw/*"),
        ("ssm:GetParameter", SECRETS % "in"),
        ("logs:CreateLogStream", LOG % "webhook"),
        ("logs:PutLogEvents", LOG % "webhook"),
    }


def test_the_mail_function_can_do_the_same_and_read_what_the_topic_told(template: dict[str, Any]) -> None:
    told = {("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")}
    more = {(action, "${MailQueue.Arn}") for actions in told for action in actions}
    as_webhook = {
        (action, resource.replace("-webhook", "-mail")) for action, resource in allowed(template, "APIHandler")
    }
    assert allowed(template, "Mail") == as_webhook | more


def test_only_ses_and_our_alarms_tell_the_topics_and_only_the_topic_fills_the_queue(template: dict[str, Any]) -> None:
    said = {
        name: properties(template, name)["PolicyDocument"]["Statement"]
        for name in ("BucketPolicy", "MailTopicPolicy", "MailQueuePolicy", "AlarmTopicPolicy")
    }
    granted = {
        name: (one["Principal"]["Service"], one["Action"], one["Resource"], one["Condition"])
        for name, (one,) in said.items()
    }
    ours = {"StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}}
    topic, ses = {"Ref": "MailTopic"}, "ses.amazonaws.com"
    assert granted == {
        "BucketPolicy": (ses, "s3:PutObject", {"Fn::Sub": "${Bucket.Arn}/mail/*"}, ours),
        "MailTopicPolicy": (ses, "sns:Publish", topic, ours),
        "MailQueuePolicy": (
            "sns.amazonaws.com",
            "sqs:SendMessage",
            {"Fn::GetAtt": ["MailQueue", "Arn"]},
            {"ArnEquals": {"aws:SourceArn": topic}},
        ),
        "AlarmTopicPolicy": ("cloudwatch.amazonaws.com", "sns:Publish", {"Ref": "AlarmTopic"}, ours),
    }
    assert properties(template, "MailQueuePolicy")["Queues"] == [{"Ref": "MailQueue"}]


def test_the_worker_reads_outbound_secrets_only_and_its_own_table_queues_and_bucket(template: dict[str, Any]) -> None:
    can = allowed(template, "Worker")
    assert {resource for action, resource in can if action.startswith("ssm:")} == {SECRETS % "out"}
    tables = {resource for action, resource in can if action.startswith("dynamodb:")}
    assert tables == {"${Table.Arn}", "${Table.Arn}/index/due", "${Table.Arn}/index/open"}
    assert {resource for action, resource in can if action.startswith("sqs:")} == {
        "${Queue.Arn}",
        "${DeadLetters.Arn}",
    }
    assert {action for action, _ in can if action.startswith("s3:")} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    }
    assert [where for action, where in can if action == "s3:DeleteObject"] == ["${Bucket.Arn}/text/*"]
    assert {pair for pair in can if pair[0].startswith("ses:")} == {("ses:SendEmail", sender) for sender in SENDERS}
    texting = {pair for pair in can if pair[0].startswith("sms-voice:")}
    assert texting == {("sms-voice:SendTextMessage", number) for number in NUMBERS}


def test_the_tick_finds_what_is_due_empties_the_dead_letters_adds_up_and_asks(template: dict[str, Any]) -> None:
    assert allowed(template, "Tick") == {
        ("dynamodb:Query", "${Table.Arn}/index/due"),
        ("dynamodb:BatchGetItem", "${Table.Arn}"),
        ("dynamodb:GetItem", "${Table.Arn}"),
        ("dynamodb:PutItem", "${Table.Arn}"),
        ("ssm:GetParameter", SECRETS % "out"),
        *(("logs:FilterLogEvents", group) for name in journal.ACCEPTING for group in both_ways(name)),
        ("sqs:SendMessage", "${Queue.Arn}"),
        ("sqs:ReceiveMessage", "${DeadLetters.Arn}"),
        ("sqs:DeleteMessage", "${DeadLetters.Arn}"),
        ("s3:PutObject", "${Bucket.Arn}/parked/*"),
        ("logs:CreateLogStream", LOG % "tick"),
        ("logs:PutLogEvents", LOG % "tick"),
    }


@pytest.mark.parametrize("function", ROLES)
def test_no_policy_has_a_star_for_an_action_or_a_resource(template: dict[str, Any], function: str) -> None:
    for statement in statements(template, function):
        assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
    for action, resource in allowed(template, function):
        assert "*" not in action
        ours = resource.startswith(tuple("${" + name + ".Arn}" for name in SHARED))
        read = [group for name in NAMES.values() for group in both_ways(name)]
        logs = read if action == "logs:FilterLogEvents" else [LOG % NAMES[function]]
        assert ours or resource in (SECRETS % "in", SECRETS % "out", *logs, *SENDERS, *NUMBERS)


def test_each_function_has_a_role_of_its_own_with_one_policy_that_lambda_alone_takes(template: dict[str, Any]) -> None:
    assert {name for name, part in template["Resources"].items() if "Function" in part["Type"]} == set(ROLES)
    assert {name for name, part in template["Resources"].items() if "Role" in part["Type"]} == set(ROLES.values())
    for function, role in ROLES.items():
        assert properties(template, function)["Role"] == {"Fn::GetAtt": [role, "Arn"]}
        assert set(properties(template, role)) == {"AssumeRolePolicyDocument", "Policies"}
        (trust,) = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Principal"], trust["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")


def test_only_the_api_calls_the_public_function(transformed: dict[str, Any]) -> None:
    granted = {
        (part["Properties"]["FunctionName"]["Ref"], part["Properties"]["Principal"])
        for part in transformed["Resources"].values()
        if part["Type"] == "AWS::Lambda::Permission"
    }
    assert granted == {("APIHandler", "apigateway.amazonaws.com"), ("Tick", "events.amazonaws.com")}


def test_a_function_is_told_of_nothing_it_may_not_touch(template: dict[str, Any]) -> None:
    told = {name: set(properties(template, name)["Environment"]["Variables"]) for name in ROLES}
    everything = {"TABLE", "QUEUE_URL", "DEAD_LETTERS_URL", "BUCKET"}
    assert told == {
        "APIHandler": {"STAGE", "QUEUE_URL", "BUCKET", "PUBLIC_URL"},
        "Mail": {"STAGE", "QUEUE_URL", "BUCKET"},
        "Worker": everything | {"STAGE", "PUBLIC_URL"},
        "Tick": everything | {"STAGE", "PUBLIC_URL"},
    }


# ---- fit to be deployed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["template", "transformed"])
def test_cfn_lint_finds_nothing(form: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    (file := tmp_path / "template.json").write_text(json.dumps(request.getfixturevalue(form)))
    lint = [
        sys.executable,
        "-c",
        "from cfnlint.runner.cli import main; main()",
        "--regions",
        "us-east-1",
        "eu-central-1",
    ]
    done = subprocess.run([*lint, "--template", str(file)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_queue_is_ordered_by_group_patient_and_read_one_by_one(transformed: dict[str, Any]) -> None:
    queue = properties(transformed, "Queue")
    assert (queue["FifoQueue"], queue["ContentBasedDeduplication"]) == (True, False)
    assert (queue["DeduplicationScope"], queue["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 1000
    fortnight = 14 * 24 * 3600
    assert (
        queue["MessageRetentionPeriod"] == properties(transformed, "DeadLetters")["MessageRetentionPeriod"] == fortnight
    )
    assert transformed["Parameters"]["Visibility"]["Default"] == 2 * properties(transformed, "Worker")["Timeout"]
    told = properties(transformed, "MailMailSqsEventSource")
    assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert told["EventSourceArn"] == {"Fn::GetAtt": ["MailQueue", "Arn"]}
    kept = properties(transformed, "MailQueue")
    assert kept["MessageRetentionPeriod"] == fortnight and "RedrivePolicy" not in kept  # it comes until it is taken
    assert kept["VisibilityTimeout"] == 6 * properties(transformed, "Mail")["Timeout"]
    mapping = properties(transformed, "WorkerWorkerSqsEventSource")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (1, {"MaximumConcurrency": 4})
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_customers_wrote_outlives_the_stack_and_stays_private(template: dict[str, Any]) -> None:
    for name in ("Table", "Bucket"):
        part = template["Resources"][name]
        assert (part["DeletionPolicy"], part["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties(template, "Table")["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert set(properties(template, "Bucket")["PublicAccessBlockConfiguration"].values()) == {True}
    rules = properties(template, "Bucket")["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    lives = {rule["Prefix"]: rule["ExpirationInDays"]["Ref"] for rule in rules if "Prefix" in rule}
    assert lives == {"raw/": "RawDays", "files/": "FileDays", "mail/": "RawDays", "text/": "TextDays"}
    usual = {name: str(template["Parameters"][name]["Default"]) for name in lives.values()}
    assert usual == retention.parameters(settings.load(settings.SHOP_FILE.read_text(encoding="utf-8")))
    fades = properties(template, "Table")["TimeToLiveSpecification"]
    assert fades == {"AttributeName": FADES, "Enabled": True}
    (unfinished,) = [rule for rule in rules if "Prefix" not in rule]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    encryption = properties(template, "Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]


def test_the_indexes_hold_keys_only(template: dict[str, Any]) -> None:
    keys = {}
    for index in properties(template, "Table")["GlobalSecondaryIndexes"]:
        keys[index["IndexName"]] = [key["AttributeName"] for key in index["KeySchema"]]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert keys == {"due": ["due_on", "due_at"], "open": ["open_at", "open_since"]}


def test_functions_run_and_log_as_planned(transformed: dict[str, Any]) -> None:
    for function, timeout in {"APIHandler": 10, "Mail": 10, "Worker": 30, "Tick": 30}.items():
        told = properties(transformed, function)
        assert (told["Timeout"], told["MemorySize"], told["Runtime"]) == (timeout, 512, package.RUNTIME)
        assert "ReservedConcurrentExecutions" not in told  # a new account has ten in all
        assert told["Architectures"] == [{"Ref": "Architecture"}]
        assert told["FunctionName"] == {"Fn::Sub": "${AWS::StackName}-" + NAMES[function]}
    logs = [part["Properties"] for part in transformed["Resources"].values() if part["Type"] == "AWS::Logs::LogGroup"]
    assert {log["LogGroupName"]["Fn::Sub"] for log in logs} == {
        f"/aws/lambda/${{AWS::StackName}}-{n}" for n in NAMES.values()
    }
    assert {log["RetentionInDays"] for log in logs} == {30}


def test_a_flood_is_turned_away_at_the_gate(transformed: dict[str, Any]) -> None:
    (stage,) = [part for part in transformed["Resources"].values() if part["Type"] == "AWS::ApiGateway::Stage"]
    (limit,) = stage["Properties"]["MethodSettings"]
    assert (limit["ResourcePath"], limit["HttpMethod"]) == ("/*", "*")
    assert (limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]) == (50, 100)


def test_the_api_is_regional_has_one_stage_and_knows_the_binary_types(transformed: dict[str, Any]) -> None:
    parts = [part for part in transformed["Resources"].values() if part["Type"].startswith("AWS::ApiGateway::")]
    named = [part["Properties"]["StageName"] for part in parts if "StageName" in part["Properties"]]
    assert named == ["api"]  # SAM's deployment brings one of its own otherwise
    api = properties(transformed, "RestAPI")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert set(api["Body"]["paths"]) == {"/webhooks/{provider}", "/webhooks/{provider}/{account}"}
    assert "*/*" not in api["Body"]["x-amazon-apigateway-binary-media-types"]


# ---- alarms ----------------------------------------------------------------------------------------------------------


def alarms(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By what comes behind the stack's name in theirs."""
    found = [part["Properties"] for part in template["Resources"].values() if part["Type"].endswith("::Alarm")]
    return {alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): alarm for alarm in found}


def read(alarm: Mapping[str, Any]) -> tuple[str, str, str]:
    """The metric of an alarm: namespace, name, and whose; of all functions together where it does not say."""
    whose = next((one["Value"] for one in alarm.get("Dimensions", ())), {"Ref": "all"})
    return alarm["Namespace"], alarm["MetricName"], whose.get("Ref") or ".".join(whose["Fn::GetAtt"])


def test_eight_alarms_watch_this_stack_and_one_of_them_what_everything_costs(transformed: dict[str, Any]) -> None:
    assert {name: read(alarm) for name, alarm in alarms(transformed).items()} == {
        "put-aside": ("AWS/SQS", "NumberOfMessagesReceived", "DeadLetters.QueueName"),
        "waiting": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Queue.QueueName"),
        "mail-waiting": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "MailQueue.QueueName"),
        "webhook-errors": ("AWS/ApiGateway", "5XXError", "AWS::StackName"),
        "worker-errors": ("AWS/Lambda", "Errors", "Worker"),
        "tick-errors": ("AWS/Lambda", "Errors", "Tick"),
        "tick-silent": ("AWS/Lambda", "Invocations", "Tick"),
        "spend": ("AWS/Lambda", "Invocations", "all"),
    }
    named = properties(transformed, "RestAPI")["Name"], properties(transformed, "RestAPI")["Body"]["info"]["title"]
    assert named == ({"Ref": "AWS::StackName"}, {"Ref": "AWS::StackName"})  # the name that its metrics bear


def test_an_alarm_goes_out_by_mail_and_says_what_to_do(transformed: dict[str, Any]) -> None:
    for name, alarm in alarms(transformed).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        text = alarm["AlarmDescription"]
        text = text if isinstance(text, str) else text["Fn::Sub"]
        assert "What to do: " in text and len(text) <= 1000  # AWS takes 1,024
        assert "ActionsEnabled" not in alarm
    parts = transformed["Resources"].items()
    told = {name: part for name, part in parts if "Alarm" in part["Type"] or name.startswith("AlarmTopic")}
    assert len(told) == 10
    assert {part.get("Condition") for part in told.values()} == {"AlarmsAreSent"}  # what nobody hears costs nothing
    sent = transformed["Resources"]["AlarmSubscription"]
    mail = {"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmMail"}}
    assert (sent["Properties"], sent["Condition"]) == (mail, "AlarmsAreSent")


def test_only_the_silent_clock_takes_silence_for_trouble(transformed: dict[str, Any]) -> None:
    quiet = {name for name, alarm in alarms(transformed).items() if alarm["TreatMissingData"] == "notBreaching"}
    assert set(alarms(transformed)) - quiet == {"tick-silent"}
    assert alarms(transformed)["tick-silent"]["TreatMissingData"] == "breaching"
    assert alarms(transformed)["tick-silent"]["ComparisonOperator"] == "LessThanThreshold"


def test_the_template_fits_into_a_call_and_asks_for_the_code_only(template: dict[str, Any]) -> None:
    assert len(json.dumps(template, separators=(",", ":"))) < 51_200  # CloudFormation's limit for one in the call
    asked = {name for name, said in template["Parameters"].items() if "Default" not in said}
    assert asked == {"CodeBucket", "CodeKey"}
    assert set(local.parameters("")) == {"Architecture", "PublicUrl", "Visibility"} < set(template["Parameters"])
