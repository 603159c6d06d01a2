"""Whose turn it is at a desk: a counter, and how many open conversations each agent has."""

from chalicelib import aws
from chalicelib.models.values import SCHEMA
from chalicelib.store.keys import desk_key, held_by
from chalicelib.store.table import dynamodb, table_name

OPEN = "open"  # the sparse index of open conversations by desk, and there by who has them


def turn(desk: str) -> int:
    """The next number of a desk's round robin, from 1 on. One that is lost to a crash is skipped, and does no harm."""
    answer = dynamodb().update_item(
        TableName=table_name(),
        Key=aws.encode(desk_key(desk)),
        UpdateExpression="SET #schema = :schema ADD #turn :one",
        ExpressionAttributeNames={"#turn": "turn", "#schema": "schema"},
        ExpressionAttributeValues=aws.encode({":one": 1, ":schema": SCHEMA}),
        ReturnValues="UPDATED_NEW",
    )
    return int(aws.decode(answer["Attributes"])["turn"])


def load(desk: str, agent: str) -> int:
    """How many open conversations an agent has at a desk. The index may be a moment late."""
    pages = (
        dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=table_name(),
            IndexName=OPEN,
            Select="COUNT",
            KeyConditionExpression="#desk = :desk AND begins_with(#since, :agent)",
            ExpressionAttributeNames={"#desk": "open_at", "#since": "open_since"},
            ExpressionAttributeValues=aws.encode({":desk": desk, ":agent": held_by(agent)}),
        )
    )
    return sum(page["Count"] for page in pages)
