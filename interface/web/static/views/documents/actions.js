// What can be done with documents, and the questions that come before it.
import { html, useMemo, useReducer, useRef, useState } from "../../vendor/preact.js";
import { client } from "../../lib/client.js";
import { download } from "../../lib/download.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { useWords } from "../../lib/language.js";
import { tell } from "../../lib/news.js";
import { Confirm } from "../../parts/confirm.js";
import { PasswordDialog } from "../../parts/password_dialog.js";
import { words as partWords } from "../../parts/words.js";
import { FOLLOWED } from "./document_list.js";
import { words } from "./words.js";

/**
 * Return the actions, the error of the last one (`problem`), the `question` that is open, and the ids of the documents
 * that are `busy`: a call for them is under way.
 */
export function useActions(list) {
  const [problem, setProblem] = useState(null);
  const [question, ask] = useState(null);
  const [, redraw] = useReducer((count) => count + 1, 0);
  const busy = useRef(new Set()).current;
  const now = useRef(null);
  now.current = { list, say: useWords(words) };
  const actions = useMemo(() => {
    const attempt = async (work) => {
      setProblem(null);
      try {
        await work();
      } catch (error) {
        tellKeyIsMissing(error);
        setProblem(error);
      }
    };
    const once = async (rows, work) => {
      const free = rows.filter((row) => !busy.has(row.document_id));
      if (!free.length) return;
      free.forEach((row) => busy.add(row.document_id));
      redraw();
      await attempt(() => work(free));
      free.forEach((row) => busy.delete(row.document_id));
      redraw();
    };
    return { ask, attempt, ...actionsOn({ attempt, once }, now) };
  }, []);
  return { ...actions, problem, question, busy };
}

function actionsOn({ attempt, once }, now) {
  const look = async (ids) => now.current.list.take((await client.statuses(ids)).items);
  return {
    cancel: (row) => once([row], async () => now.current.list.take([await client.cancel(row.document_id)])),
    download: (row) => attempt(() => download(row)),
    process: (rows, options) => once(rows, async (free) => {
      const ids = free.map((row) => row.document_id);
      if (ids.length === 1) await client.process(ids[0], options);
      else tellStarted(await client.processAll(ids), now.current.say);
      await look(ids.slice(0, FOLLOWED));
    }),
    delete: (rows) => attempt(() => deleteAll(rows, now.current)),
  };
}

function tellStarted(items, say) {
  const refused = items.filter((item) => !item.job_id);
  if (refused.length < items.length) tell(say.started(items.length - refused.length));
  if (refused.length) tell(say.notStarted(refused.length, refused[0].detail));
}

/** One after the other: each may take the server a while. The receipts are told also where one fails. */
async function deleteAll(rows, { list, say }) {
  const sum = { chunks: 0, objects: 0 };
  let count = 0;
  try {
    for (const row of rows) {
      const { deleted } = await deleteUnlessGone(row.document_id);
      count++;
      sum.chunks += deleted.chunks;
      sum.objects += deleted.objects;
      list.remove([row.document_id]);
    }
  } finally {
    if (count) tell(say.deletion.done(count, sum));
    // The button that had the focus went with its row.
    if (document.activeElement === document.body) document.querySelector("main").focus({ preventScroll: true });
  }
}

/** Somebody else may have deleted it meanwhile. */
async function deleteUnlessGone(id) {
  try {
    return await client.delete(id);
  } catch (error) {
    if (error.code !== "document_not_found") throw error;
    return { deleted: { chunks: 0, objects: 0 } };
  }
}

/** Draws the question that is open. */
export function Question({ actions }) {
  const { question } = actions;
  if (question?.password) return html`<${AskPassword} row=${question.password} actions=${actions} />`;
  if (question?.deletion) return html`<${AskDeletion} rows=${question.deletion} actions=${actions} />`;
  return null;
}

function AskPassword({ row, actions }) {
  const answer = (password) => {
    actions.ask(null);
    if (password !== null) actions.process([row], { password });
  };
  return html`<${PasswordDialog} filename=${row.filename} onAnswer=${answer} />`;
}

function AskDeletion({ rows, actions }) {
  const say = useWords(words);
  const { title, text, action } = useWords(partWords).deletion;
  const answer = (isSure) => {
    actions.ask(null);
    if (isSure) actions.delete(rows);
  };
  const asked = rows.length === 1 ? title(rows[0].filename) : say.deletion.title(rows.length);
  return html`<${Confirm} title=${asked} action=${action} onAnswer=${answer}><p class="soft">${text}</p><//>`;
}
