// Drives the lesson model with OpenAI's own JavaScript package; prints what came back as JSON.
import OpenAI from "openai";
import { zodResponseFormat, zodFunction } from "openai/helpers/zod";
import { z } from "zod";

const client = new OpenAI({ maxRetries: 0 }); // finds the model by OPENAI_BASE_URL
const control = client.baseURL.replace(/v1$/, "_lesson/");
const ask = (content, more = {}) => ({
  model: "lesson-model",
  messages: [{ role: "user", content }],
  ...more,
});
const City = z.object({ city: z.string() });
const seen = {};

seen.chat = (await client.chat.completions.create(ask("say it"))).choices[0].message.content;

seen.stream = "";
for await (const chunk of await client.chat.completions.create(ask("say it", { stream: true })))
  seen.stream += chunk.choices[0]?.delta?.content ?? "";

const helper = client.chat.completions.stream(
  ask("say it", { stream_options: { include_usage: true } }),
);
seen.helper = await helper.finalContent();
seen.usage = (await helper.totalUsage()).total_tokens > 0;

const asked = [];
const runner = client.chat.completions.runTools(
  ask("weather", {
    tools: [
      zodFunction({
        name: "get_weather",
        description: "Tell the weather in a city.",
        parameters: City,
        function: ({ city }) => (asked.push(city), `21 C in ${city}`),
      }),
    ],
  }),
);
seen.tools = [await runner.finalContent(), asked];

const parsed = await client.chat.completions.parse(
  ask("The city is Oslo.", { response_format: zodResponseFormat(City, "city") }),
);
seen.parsed = typeof parsed.choices[0].message.parsed.city;

const made = await client.responses.create({ model: "gpt-6", input: "say it" });
seen.response = made.output_text;
seen.response_stream = "";
const events = await client.responses.create({ model: "gpt-6", input: "say it", stream: true });
for await (const event of events)
  if (event.type === "response.output_text.delta") seen.response_stream += event.delta;
const followed = client.responses.stream({
  model: "gpt-6",
  input: "say it",
  previous_response_id: made.id,
});
seen.response_helper = (await followed.finalResponse()).output_text;

const vectors = await client.embeddings.create({ model: "e", input: ["a", "b"], dimensions: 8 });
seen.embeddings = vectors.data.map((item) => item.embedding.length);

seen.models = (await client.models.list()).data[0].id;
seen.model = (await client.models.retrieve("any")).id;

const failed = async (call) => {
  try {
    await call();
    return "no error";
  } catch (error) {
    return [error.constructor.name, error.status ?? null, Boolean(error.requestID)];
  }
};
const fault = (word, more = {}) =>
  fetch(control + "fail", { method: "POST", body: JSON.stringify({ word, ...more }) });
const chat = () => client.chat.completions.create(ask("say it"));
seen.errors = {
  key: await failed(() => new OpenAI({ apiKey: "wrong" }).models.list()),
  rule: await failed(() => client.chat.completions.create(ask("say it", { temperature: 3 }))),
  path: await failed(() => client.get("/nothing")),
};
for (const [word, more] of [
  ["rate_limit", {}],
  ["server_error", {}],
  ["http", { status: 403 }],
  ["http", { status: 409 }],
  ["http", { status: 422 }],
  ["disconnect", {}],
]) {
  await fault(word, more);
  seen.errors[more.status ?? word] = await failed(chat);
}
await fault("rate_limit", { retry_after: 0.01 });
const patient = new OpenAI({ maxRetries: 2 });
seen.retries = (await patient.chat.completions.create(ask("say it"))).choices[0].message.content;

console.log(JSON.stringify(seen));
