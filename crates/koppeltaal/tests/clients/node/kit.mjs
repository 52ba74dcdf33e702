// fhir-kit-client, unmodified: every interaction that it has. Prints a line of JSON for
// each step.
import assert from "node:assert/strict";

import { load } from "../../smart/node/packages.mjs";

const { Client } = await load("fhir-kit-client/dist/index.js");

const { FHIR_BASE, TOKEN, BODIES } = process.env;
const bodies = JSON.parse(BODIES);
const SYSTEM = bodies.patient.identifier[0].system;
const client = new Client({ baseUrl: FHIR_BASE, bearerToken: TOKEN });

async function step(name, work) {
  let line = { step: name, ok: true, detail: "" };
  try {
    await work();
  } catch (error) {
    const answer = error.response ? ` ${JSON.stringify(error.response)}` : "";
    line = { step: name, ok: false, detail: `${error.stack}${answer}` };
    process.exitCode = 1;
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The answer to what is refused with this status: an OperationOutcome. */
async function refused(status, work) {
  const answer = await work().then(
    () => assert.fail(`not refused with ${status}`),
    (error) => error.response ?? Promise.reject(error),
  );
  assert.equal(answer.status, status, JSON.stringify(answer.data));
  assert.equal(answer.data.resourceType, "OperationOutcome");
  assert.ok(answer.data.issue.length > 0);
  return answer.data;
}

const response = (resource) => Client.httpFor(resource).response;
const reference = ({ resourceType, id }) => `${resourceType}/${id}`;
const of = ({ resourceType, id }) => ({ resourceType, id });
const ids = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource.id);
const ifMatch = (version) => ({ headers: { "If-Match": `W/"${version}"` } });
const identified = (body, value) => ({ ...body, identifier: [{ system: SYSTEM, value }] });
const create = (body) => client.create({ resourceType: body.resourceType, body });

let patient;
await step("capabilities", async () => {
  const said = await client.capabilityStatement();
  assert.equal(said.fhirVersion, "4.0.1");
  assert.ok(said.rest[0].resource.some(({ type }) => type === "Task"));
});
await step("create", async () => {
  patient = await create(identified(bodies.patient, "kit-0"));
  assert.equal(response(patient).status, 201);
  assert.match(patient.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(patient.meta.versionId, "1");
  assert.equal(response(patient).headers.get("etag"), 'W/"1"');
  const location = response(patient).headers.get("location");
  assert.equal(location, `${FHIR_BASE}/Patient/${patient.id}/_history/1`);
});
await step("read", async () => {
  const read = await client.read(of(patient));
  assert.deepEqual(read, patient);
  assert.equal(read.name[0].family, "Müller");
});
await step("read with If-None-Match", async () => {
  const options = { headers: { "If-None-Match": 'W/"1"' } };
  // It takes a 304 for an error.
  await assert.rejects(client.read({ ...of(patient), options }), { response: { status: 304, data: {} } });
});
await step("update", async () => {
  const body = { ...patient, active: false };
  const updated = await client.update({ ...of(patient), body, options: ifMatch(1) });
  assert.equal(updated.meta.versionId, "2");
  assert.equal(updated.active, false);
});
await step("an update with a stale If-Match", () =>
  refused(412, () => client.update({ ...of(patient), body: patient, options: ifMatch(1) })));
await step("an update without If-Match", () =>
  refused(400, () => client.update({ ...of(patient), body: patient })));
await step("vread", async () => {
  for (const [version, active] of [["1", true], ["2", false]]) {
    const read = await client.vread({ ...of(patient), version });
    assert.equal(read.meta.versionId, version);
    assert.equal(read.active, active);
  }
});

const made = [];
await step("create more than a page", async () => {
  for (let number = 1; number <= 23; number++) {
    made.push((await create(identified(bodies.patient, `kit-${number}`))).id);
  }
});
for (const postSearch of [false, true]) {
  const how = postSearch ? "by POST" : "by GET";
  await step(`search ${how}`, async () => {
    const searchParams = { identifier: `${SYSTEM}|kit-7` };
    const found = await client.search({ resourceType: "Patient", searchParams, options: { postSearch } });
    assert.equal(found.type, "searchset");
    assert.equal(found.total, 1);
    assert.deepEqual(ids(found), [made[6]]);
  });
  await step(`pages ${how}`, async () => {
    const searchParams = { name: "muller", active: "true", _count: 10 };
    const options = { postSearch };
    let page = await client.search({ resourceType: "Patient", searchParams, options });
    const seen = [];
    const sizes = [];
    for (let before; page; page = await client.nextPage({ bundle: page })) {
      assert.equal(page.total, made.length);
      if (before) {
        const back = await client.prevPage({ bundle: page });
        assert.deepEqual(ids(back), before);
      }
      before = ids(page);
      seen.push(...before);
      sizes.push(before.length);
    }
    assert.deepEqual(sizes, [10, 10, 3]);
    assert.deepEqual(seen, [...made].reverse());
  });
}
await step("search with several values", async () => {
  const searchParams = { identifier: ["kit-1,kit-2", "kit-2,kit-3"] };
  const found = await client.search({ resourceType: "Patient", searchParams });
  assert.deepEqual(ids(found), [made[1]]);
});

let task;
await step("create what refers to others, and find it by them", async () => {
  const endpoint = await create(bodies.endpoint);
  const practitioner = await create(bodies.practitioner);
  const activity = structuredClone(bodies.activity);
  activity.extension[0].valueReference.reference = reference(endpoint);
  const definition = await create(activity);
  const body = structuredClone(bodies.task);
  body.extension[0].valueReference.reference = reference(definition);
  body.for.reference = reference(patient);
  body.owner.reference = reference(practitioner);
  task = await create(body);
  const searchParams = {
    "instantiates.publisherId": "publisher-1",
    owner: practitioner.id,
    _include: ["Task:patient", "Task:owner"],
  };
  const found = await client.search({ resourceType: "Task", searchParams });
  assert.equal(found.total, 1);
  assert.deepEqual(new Set(ids(found)), new Set([task.id, patient.id, practitioner.id]));
});
await step("resolve", async () => {
  const read = await client.resolve({ reference: task.for.reference });
  assert.equal(read.id, patient.id);
});
await step("$validate", async () => {
  const options = { headers: { "content-type": "application/fhir+json" } };
  const { birthDate, ...body } = bodies.patient;
  assert.ok(birthDate);
  const told = await client.operation({ name: "validate", resourceType: "Patient", input: body, options });
  assert.equal(told.resourceType, "OperationOutcome");
  assert.ok(told.issue.some(({ severity }) => severity === "error"));
});
await step("create of what is not valid", async () => {
  const { gender, ...body } = bodies.patient;
  assert.ok(gender);
  const told = await refused(422, () => create(body));
  assert.ok(told.issue[0].expression?.length > 0, JSON.stringify(told));
});
await step("history of an instance", async () => {
  const found = await client.history(of(patient));
  assert.equal(found.type, "history");
  assert.equal(found.total, 2);
  assert.deepEqual(found.entry.map((entry) => entry.request.method), ["PUT", "POST"]);
});
await step("history of a type, in pages", async () => {
  let versions = 0;
  let page = await client.history({ resourceType: "Patient" });
  const { total } = page;
  for (; page; page = await client.nextPage({ bundle: page })) versions += page.entry.length;
  assert.equal(versions, made.length + 2);
  assert.equal(total, versions);
});
await step("delete of what is referred to", () => refused(409, () => client.delete(of(patient))));
await step("delete", async () => {
  for (const gone of [task, patient]) {
    const told = await client.delete(of(gone));
    assert.equal(told.resourceType, "OperationOutcome");
    await refused(410, () => client.read(of(gone)));
  }
  const found = await client.history(of(patient));
  assert.equal(found.entry[0].request.method, "DELETE");
});
await step("an id that nothing has", () =>
  refused(404, () => client.read({ resourceType: "Patient", id: "2f4d8f7c-5f1b-4f8e-9d2a-000000000000" })));
const system = {
  "search of the system": () => client.systemSearch({ searchParams: { _id: "x" } }),
  "history of the system": () => client.history(),
  batch: () => client.batch({ body: { resourceType: "Bundle", type: "batch", entry: [] } }),
  transaction: () => client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry: [] } }),
  patch: () => client.patch({ ...of(task), jsonPatch: [{ op: "remove", path: "/priority" }] }),
};
for (const [name, work] of Object.entries(system)) {
  await step(`${name} is not supported`, async () => {
    const answer = await work().then(() => assert.fail("not refused"), (error) => error.response);
    assert.ok([400, 405].includes(answer?.status), JSON.stringify(answer));
    assert.equal(answer.data.issue[0].code, "not-supported", JSON.stringify(answer));
  });
}
