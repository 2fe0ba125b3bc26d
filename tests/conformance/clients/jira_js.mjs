// jira.js against the sandbox: makes an epic, tasks, links, a comment and a step, and reads all of it back.
// jira.js checks every answer with schemas that were audited on a live site; what does not fit is collected.
// Prints one JSON object: what was written, what was read, and the mismatches. Usage: node jira_js.mjs URL EMAIL TOKEN

import { createCloudClient } from "jira.js";

const [host, email, apiToken] = process.argv.slice(2);
const mismatches = [];
const jira = createCloudClient({
  host,
  auth: { type: "basic", email, apiToken },
  onSchemaMismatch: (report) => mismatches.push(report),
});

const document = (text) => ({
  type: "doc",
  version: 1,
  content: [{ type: "paragraph", content: [{ type: "text", text }] }],
});

const wrote = {
  epic: "Prepare the rollout",
  task: "Inventory of apps",
  second: "Pilot group",
  text: "Look at every app.",
  comment: "Checked twice.",
  labels: ["rollout-sync", "rs-outside"],
  due: "2027-01-15",
  property: { item: "prepare/inventory", marker: "m-1" },
  remote: { globalId: "outside:1", url: "https://tasks.example.com/1", title: "The task in Planner" },
  status: "In Progress",
};

const project = await jira.projects.getProject({ projectIdOrKey: "SEC" });
await jira.projects.searchProjects({ keys: ["SEC"] });
await jira.projects.getAllStatuses({ projectIdOrKey: "SEC" });
const server = await jira.serverInfo.getServerInfo();
const me = await jira.myself.getCurrentUser();
const types = await jira.issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: "SEC" });
const epicType = types.issueTypes.find((one) => one.hierarchyLevel === 1);
const taskType = types.issueTypes.find((one) => one.hierarchyLevel === 0 && one.name === "Task");
await jira.issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: "SEC", issueTypeId: epicType.id });
const fields = await jira.issueFields.getFields();
const epicName = fields.find((one) => one.schema?.custom === "com.pyxis.greenhopper.jira:gh-epic-label");
const permissions = await jira.permissions.getMyPermissions({ projectKey: "SEC", permissions: "CREATE_ISSUES" });
const people = await jira.userSearch.findAssignableUsers({ project: "SEC", query: "ivan" });
const linkTypes = await jira.issueLinkTypes.getIssueLinkTypes();

const base = { project: { key: project.key } };
const epic = await jira.issues.createIssue({
  fields: { ...base, issuetype: { id: epicType.id }, summary: wrote.epic, [epicName.id]: wrote.epic },
});
const task = await jira.issues.createIssue({
  fields: {
    ...base,
    issuetype: { id: taskType.id },
    summary: wrote.task,
    description: document(wrote.text),
    parent: { key: epic.key },
    labels: wrote.labels,
    duedate: wrote.due,
    assignee: { accountId: people[0].accountId },
  },
  properties: [{ key: "rollout-sync", value: wrote.property }],
});
const bulk = await jira.issues.createIssues({
  issueUpdates: [
    { fields: { ...base, issuetype: { id: taskType.id }, summary: wrote.second, parent: { key: epic.key } } },
    { fields: { ...base, issuetype: { id: "99999" }, summary: "Refused" } },
  ],
});
const second = bulk.issues[0];

await jira.issueLinks.linkIssues({
  type: { name: "Blocks" },
  inwardIssue: { key: task.key },
  outwardIssue: { key: second.key },
});
await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({
  issueIdOrKey: task.key,
  globalId: wrote.remote.globalId,
  object: { url: wrote.remote.url, title: wrote.remote.title },
});
const comment = await jira.issueComments.addComment({ issueIdOrKey: task.key, body: document(wrote.comment) });
const steps = await jira.issues.getTransitions({ issueIdOrKey: task.key });
const step = steps.transitions.find((one) => one.to.name === wrote.status);
await jira.issues.doTransition({ issueIdOrKey: task.key, transition: { id: step.id } });
await jira.issues.editIssue({ issueIdOrKey: second.key, fields: { duedate: wrote.due } });

const found = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({
  jql: "project = SEC AND labels = rs-outside ORDER BY key",
  fields: ["*all"],
  properties: ["rollout-sync"],
  maxResults: 10,
});
const fetched = await jira.issues.bulkFetchIssues({
  issueIdsOrKeys: [epic.key, task.key, second.key],
  fields: ["summary", "status", "parent", "duedate", "issuelinks", "labels", "description", "assignee"],
});
const whole = await jira.issues.getIssue({ issueIdOrKey: task.key, expand: "names,changelog,transitions,editmeta" });
const changes = await jira.issues.getChangeLogs({ issueIdOrKey: task.key });
await jira.issues.getBulkChangelogs({ issueIdsOrKeys: [task.key] });
const property = await jira.issueProperties.getIssueProperty({ issueIdOrKey: task.key, propertyKey: "rollout-sync" });
const remotes = await jira.issueRemoteLinks.getRemoteIssueLinks({ issueIdOrKey: task.key });
const comments = await jira.issueComments.getComments({ issueIdOrKey: task.key });
const count = await jira.issueSearch.countIssues({ jql: "project = SEC" });
const link = whole.fields.issuelinks[0];
await jira.issueLinks.getIssueLink({ linkId: link.id });

let refusal = null;
try {
  await jira.issues.getIssue({ issueIdOrKey: "SEC-99999" });
} catch (error) {
  refusal = { name: error.name, status: error.status ?? error.statusCode ?? null };
}

const text = (adf) => adf.content[0].content[0].text;
const byKey = Object.fromEntries(fetched.issues.map((one) => [one.key, one.fields]));
const read = {
  epic: byKey[epic.key].summary,
  task: byKey[task.key].summary,
  second: byKey[second.key].summary,
  text: text(byKey[task.key].description),
  comment: text(comments.comments[0].body),
  labels: whole.fields.labels,
  due: byKey[second.key].duedate,
  property: property.value,
  remote: { globalId: remotes[0].globalId, url: remotes[0].object.url, title: remotes[0].object.title },
  status: whole.fields.status.name,
};
const facts = {
  deployment: server.deploymentType,
  me: me.emailAddress,
  parent: byKey[task.key].parent.key === epic.key && byKey[second.key].parent.key === epic.key,
  assignee: byKey[task.key].assignee.accountId === people[0].accountId,
  blocks: [link.type.outward, link.outwardIssue.key === second.key],
  blocked: byKey[second.key].issuelinks[0].inwardIssue.key === task.key,
  found: found.issues.map((one) => one.key === task.key),
  isLast: found.isLast,
  refusedInBulk: bulk.errors.length,
  mayCreate: permissions.permissions.CREATE_ISSUES.havePermission,
  commented: comment.id === comments.comments[0].id,
  steps: changes.values.flatMap((one) => one.items.map((item) => item.field)).includes("status"),
  linkTypes: linkTypes.issueLinkTypes.some((one) => one.name === "Blocks"),
  count: count.count,
  refusal,
};
process.stdout.write(JSON.stringify({ wrote, read, facts, mismatches }));
