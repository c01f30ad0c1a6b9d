// Submit an execution and wait for its end: node call.mjs ACTION INPUTS [EXECUTION_ID]
// The same EXECUTION_ID again runs nothing again.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { AwsClient } from "aws4fetch";

const { ACTIONRELAY_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
// aws4fetch signs, and sends again after 429 and 5xx: safe, as the execution has an id.
const aws = new AwsClient({
  accessKeyId: AWS_ACCESS_KEY_ID,
  secretAccessKey: AWS_SECRET_ACCESS_KEY,
  sessionToken: AWS_SESSION_TOKEN,
  service: "execute-api",
  region: AWS_REGION,
});

async function call(path, options) {
  const response = await aws.fetch(ACTIONRELAY_URL + path, options);
  const document = await response.json();
  if (!response.ok) {
    console.error(response.status, document.code, document.detail, document.errors ?? "");
    process.exit(1);
  }
  return document;
}

const [actionId, inputs, executionId = randomUUID()] = process.argv.slice(2);
let execution = await call("/executions", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ executionId, actionId, inputs: JSON.parse(inputs) }),
});
while (["queued", "running", "awaiting_webhook"].includes(execution.status)) {
  await pause(1000);
  execution = await call(`/executions/${executionId}`);
}
console.log(execution.executionId, execution.status, JSON.stringify(execution.result ?? execution.error));
process.exitCode = execution.status === "completed" ? 0 : 1;
