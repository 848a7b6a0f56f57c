// SPDX-License-Identifier: BSD-2-Clause
// A page with the AI SDK's stock hook, as docs/ai-sdk.md tells to write one. window.SITE: {api, socket}.
import {StrictMode, useRef, useState} from "react";
import {createRoot} from "react-dom/client";
import {useChat} from "@ai-sdk/react";
import {DefaultChatTransport, getToolName, isToolUIPart, lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls, WebSocketChatTransport} from "ai";

const {api, socket} = window.SITE;
const base = api.replace(/\/ai\/chat$/, "");
const token = async () => (await fetch("/token")).text();
const headers = async () => ({Authorization: `Bearer ${await token()}`});
const call = async (path, method = "GET") => (await fetch(base + path, {method, headers: await headers()})).json();
const tools = [{name: "page_title", description: "Sets the page's title", parameters: {type: "object", properties: {title: {type: "string"}}, required: ["title"]}}];
const transport = socket ? new WebSocketChatTransport({url: `${base}/ai/ws`, params: async () => ({ticket: (await call("/ws-ticket", "POST")).ticket}), body: {tools}})
  : new DefaultChatTransport({api, headers, body: {tools}});
const again = state => lastAssistantMessageIsCompleteWithApprovalResponses(state) || lastAssistantMessageIsCompleteWithToolCalls(state);

function Approval({part, answer}) {
  const {id, requestReason, descriptor} = part.approval;
  const [text, setText] = useState(JSON.stringify(descriptor.arguments));
  return <div className="approval">
    <p>{requestReason}</p>
    <textarea value={text} onChange={e => setText(e.target.value)} />
    <button className="yes" onClick={() => answer({id, approved: true})}>Yes</button>
    <button className="no" onClick={() => answer({id, approved: false})}>No</button>
    <button className="edited" onClick={() => answer({id, approved: true, options: {body: {approvals: {[id]: {editedArgs: JSON.parse(text)}}}}})}>So</button>
  </div>;
}

function Part({part, answer}) {
  if (part.type === "text") return <p className="text">{part.text}</p>;
  if (part.type === "reasoning") return <em className="reasoning">{part.text}</em>;
  if (part.type === "file") return <img className="file" src={part.url} alt={part.filename} width="8" />;
  if (!isToolUIPart(part)) return null;
  return <div className="tool" data-name={getToolName(part)} data-state={part.state}>
    {part.state === "approval-requested" && <Approval part={part} answer={answer} />}
    {part.state === "output-available" && <pre>{JSON.stringify(part.output)}</pre>}
    {part.errorText}
  </div>;
}

function Page({id, initial}) {
  const files = useRef(null);
  const [text, setText] = useState("");
  const chat = useChat({id, messages: initial, transport, resume: true, sendAutomaticallyWhen: again,
    onToolCall: ({toolCall}) => {
      if (toolCall.toolName !== "page_title") return;
      document.title = toolCall.input.title;
      chat.addToolOutput({tool: "page_title", toolCallId: toolCall.toolCallId, output: {done: true}});
    }});
  const stop = async () => call(`/sessions/${id}/cancel`, "POST");
  return <main data-status={chat.status}>
    {chat.messages.map(m => <section key={m.id} className={m.role} id={m.id}>
      {m.parts.map((part, i) => <Part key={i} part={part} answer={chat.addToolApprovalResponse} />)}
      {m.role === "assistant" && <button className="again" onClick={() => chat.regenerate({messageId: m.id})}>Again</button>}
      {m.role === "user" && <button className="edit" onClick={() => chat.sendMessage({text, messageId: m.id})}>Edit</button>}
    </section>)}
    <p id="error">{chat.error?.message}</p>
    <form onSubmit={e => { e.preventDefault(); chat.sendMessage({text, files: files.current.files.length ? files.current.files : undefined}); setText(""); }}>
      <input id="text" value={text} onChange={e => setText(e.target.value)} />
      <input id="files" type="file" ref={files} />
    </form>
    <button id="stop" onClick={stop}>Stop</button>
  </main>;
}

const id = location.hash.slice(1);
const {messages} = await call(`/ai/chat/${id}/messages`);
createRoot(document.getElementById("root")).render(<StrictMode><Page id={id} initial={messages} /></StrictMode>);
