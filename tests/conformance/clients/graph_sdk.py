"""Microsoft's own `msgraph-sdk` against the sandbox: makes a plan, a bucket, tasks and details, and reads them back.

Prints one JSON object with what was written and what was read. Usage: python graph_sdk.py URL
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
from kiota_abstractions.authentication.base_bearer_token_authentication_provider import (
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.kiota_client_factory import KiotaClientFactory
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.planner_assignments import PlannerAssignments
from msgraph.generated.models.planner_bucket import PlannerBucket
from msgraph.generated.models.planner_category_descriptions import PlannerCategoryDescriptions
from msgraph.generated.models.planner_checklist_items import PlannerChecklistItems
from msgraph.generated.models.planner_external_references import PlannerExternalReferences
from msgraph.generated.models.planner_plan import PlannerPlan
from msgraph.generated.models.planner_plan_container import PlannerPlanContainer
from msgraph.generated.models.planner_plan_details import PlannerPlanDetails
from msgraph.generated.models.planner_task import PlannerTask
from msgraph.generated.models.planner_task_details import PlannerTaskDetails
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

TENANT = "example.com"
CLIENT = {"client_id": "11111111-1111-4111-8111-111111111111", "client_secret": "sandbox-secret"}
CHECK = "95e27074-6c4a-447a-aa24-9d718a0b86fa"
LINK = "https%3A//jira%2Eexample%2Ecom/browse/SEC-1"
DUE = datetime(2027, 1, 15, tzinfo=UTC)
WROTE: dict[str, Any] = {
    "plan": "Rollout: outside",
    "label": "Approval",
    "bucket": "Prepare",
    "title": "Sign-off",
    "due": DUE.isoformat(),
    "priority": 3,
    "percent": 50,
    "description": "Please decide.",
    "check": ["Approved", False],
    "reference": "SEC-1",
}


class SandboxTokens(AccessTokenProvider):
    """The application's own token."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/login/{TENANT}/oauth2/v2.0/token"
        self._token = ""

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        if not self._token:
            form = {**CLIENT, "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await http.post(self._url, data=form)
            self._token = str(answer.json()["access_token"])
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


def client_for(url: str) -> GraphServiceClient:
    """The SDK's client with all its middleware, pointed at the sandbox."""
    base = f"{url}/graph/v1.0"
    provider = BaseBearerTokenAuthenticationProvider(SandboxTokens(url))
    http = KiotaClientFactory.create_with_default_middleware(httpx.AsyncClient(trust_env=False, base_url=base))
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = base
    return GraphServiceClient(request_adapter=adapter)


def match(etag: Any) -> RequestConfiguration[Any]:
    """Headers of a write on this version, that wants the resource back."""
    made: RequestConfiguration[Any] = RequestConfiguration()
    made.headers.add("If-Match", str(etag))
    made.headers.add("Prefer", "return=representation")
    return made


def etag_of(resource: Any) -> str:
    """`@odata.etag`, which the SDK keeps among what it has no name for."""
    return str(resource.additional_data["@odata.etag"])


async def walk(graph: GraphServiceClient) -> dict[str, Any]:
    """Make everything, then read it back by other requests than made it."""
    groups = await graph.groups.get()
    group = next(one for one in groups.value if one.display_name == "IT change")
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(filter="mail eq 'ivan.itwork@example.com'")
    people = await graph.users.get(RequestConfiguration(query_parameters=query))
    plan = await _plan(graph, group.id)
    bucket = await graph.planner.buckets.post(PlannerBucket(name=WROTE["bucket"], plan_id=plan.id, order_hint=" !"))
    task = await _task(graph, plan.id, bucket.id, people.value[0].id)
    refused = await _refused(graph, task.id)

    listed = await graph.planner.plans.by_planner_plan_id(plan.id).tasks.get()
    details = await graph.planner.tasks.by_planner_task_id(task.id).details.get()
    labels = await graph.planner.plans.by_planner_plan_id(plan.id).details.get()
    plans = await graph.groups.by_group_id(group.id).planner.plans.get()
    buckets = await graph.planner.plans.by_planner_plan_id(plan.id).buckets.get()
    seen = listed.value[0]
    check = details.checklist.additional_data[CHECK]
    read = {
        "plan": next(one.title for one in plans.value if one.id == plan.id),
        "label": labels.category_descriptions.category1,
        "bucket": buckets.value[0].name,
        "title": seen.title,
        "due": seen.due_date_time.isoformat(),
        "priority": seen.priority,
        "percent": seen.percent_complete,
        "description": details.description,
        "check": [_member(check, "title"), _member(check, "isChecked")],
        "reference": _member(details.references.additional_data[LINK], "alias"),
    }
    facts = {
        "assigned": list(seen.assignments.additional_data) == [people.value[0].id],
        "counts": [seen.checklist_item_count, seen.reference_count, seen.has_description],
        "container": plans.value[-1].container.container_id == group.id,
        "refused": refused,
    }
    current = await graph.planner.tasks.by_planner_task_id(task.id).get()
    await graph.planner.tasks.by_planner_task_id(task.id).delete(match(etag_of(current)))
    facts["left"] = len((await graph.planner.plans.by_planner_plan_id(plan.id).tasks.get()).value)
    return {"wrote": WROTE, "read": read, "facts": facts}


async def _plan(graph: GraphServiceClient, group: str) -> Any:
    container = PlannerPlanContainer(url=f"https://graph.microsoft.com/v1.0/groups/{group}")
    plan = await graph.planner.plans.post(PlannerPlan(title=WROTE["plan"], container=container))
    details = graph.planner.plans.by_planner_plan_id(plan.id).details
    change = PlannerPlanDetails(category_descriptions=PlannerCategoryDescriptions(category1=WROTE["label"]))
    await details.patch(change, match(etag_of(await details.get())))
    return plan


async def _task(graph: GraphServiceClient, plan: str, bucket: str, person: str) -> Any:
    assignment = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    new = PlannerTask(
        plan_id=plan, bucket_id=bucket, title=WROTE["title"], due_date_time=DUE, priority=WROTE["priority"]
    )
    new.assignments = PlannerAssignments(additional_data={person: assignment})
    task = await graph.planner.tasks.post(new)
    one = graph.planner.tasks.by_planner_task_id(task.id)
    await one.patch(PlannerTask(percent_complete=WROTE["percent"]), match(etag_of(task)))
    item = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": WROTE["check"][0], "isChecked": False}
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": WROTE["reference"], "type": "Other"}
    change = PlannerTaskDetails(description=WROTE["description"])
    change.checklist = PlannerChecklistItems(additional_data={CHECK: item})
    change.references = PlannerExternalReferences(additional_data={LINK: link})
    await one.details.patch(change, match(etag_of(await one.details.get())))
    return task


async def _refused(graph: GraphServiceClient, task: str) -> list[Any]:
    """A write without a version; the SDK has to understand the refusal."""
    try:
        await graph.planner.tasks.by_planner_task_id(task).patch(PlannerTask(priority=1))
    except ODataError as error:
        return [error.response_status_code, error.error.code if error.error else None]
    return []


def _member(value: Any, name: str) -> Any:
    """A member of an untyped object, however the SDK holds it."""
    held = value.get_value() if hasattr(value, "get_value") else value
    part = held[name]
    return part.get_value() if hasattr(part, "get_value") else part


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(walk(client_for(sys.argv[1])))))
