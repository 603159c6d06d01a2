"""The stack on AWS that a command is about: its name, what it says of itself, how our modules find what is in it."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import click
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from chalicelib import aws
from infra import here, local

NAME = "shopbell"
STAGES = click.Choice(["prod", "test"])


class NoStack(Exception):
    """AWS or the stack cannot be reached; the text says what to do."""


def choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that is about a stack on AWS."""
    where = click.option("--region", default="", help="Where it is; default: as your AWS settings say.")
    return click.option("--stage", type=STAGES, default="prod", show_default=True, help="Which stack.")(where(command))


def name(stage: str) -> str:
    return f"{NAME}-{stage}"


def enter(stage: str, region: str) -> None:
    """From here on this process calls AWS in that region, for that stage."""
    if region:
        os.environ["AWS_DEFAULT_REGION"] = region
    os.environ["STAGE"] = stage
    if not aws.region():
        raise NoStack("AWS does not know where: give --region, or set AWS_DEFAULT_REGION")


def outputs(stage: str) -> Mapping[str, str]:
    """What the stack says about itself; nothing where it is not deployed yet. Raises NoStack."""
    try:
        found = aws.client("cloudformation").describe_stacks(StackName=name(stage))["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise NoStack(why(error)) from error
    except aws.FAULTS as error:
        raise NoStack(why(error)) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def inhabit(stage: str, region: str) -> None:
    """Lead Shopbell's own modules to the table, queues and bucket of a stack. Raises NoStack."""
    enter(stage, region)
    said = outputs(stage)
    if not said:
        raise NoStack(f"there is no stack {name(stage)} in {aws.region()}: shopbell deploy makes it, or give --region")
    os.environ.update(local.resources(said))


def why(error: Exception) -> str:
    """AWS's refusal in words of a person who can do something about it."""
    if isinstance(error, NoCredentialsError):
        return "AWS does not know who you are: run aws configure, or set AWS_PROFILE"
    if isinstance(error, NoRegionError):
        return "AWS does not know where: give --region, or set AWS_DEFAULT_REGION"
    return f"AWS says no: {' '.join(str(error).split())}"


def place(on_this_machine: bool, stage: str, region: str, state: Any) -> str:
    """Lead our modules to what runs here, or to a stack; returns its name. Raises NotRunning, NoStack."""
    if on_this_machine:
        here.enter(here.find(state))
        return "what runs on this machine"
    inhabit(stage, region)
    return f"{name(stage)} in {aws.region()}"
