// Merges live messages with what the client missed. docs/protocol.md (History) has these functions and explains them.

export function merge(memory, { recovered, seq, messages }) {
  for (const frame of messages) if (!(frame.seq <= memory.position)) memory.held.set(frame.seq, frame);
  const numbers = [...memory.held.keys()].sort((a, b) => a - b);
  if (recovered) memory.position = seq; // no other number up to there has a message
  else if (seq) memory.position = Math.min(seq, numbers[0] - 1 || seq); // the first position, or the first after a gap
  const ready = numbers.filter((n) => n <= memory.position || (n === memory.position + 1 && ++memory.position));
  const frames = ready.map((n) => memory.held.get(n));
  for (const n of ready) memory.held.delete(n);
  return frames;
}

export function history(ask, handOn, onGap, position) {
  const memory = { position, held: new Map() };
  let question, questions = 0, timer;

  function resume() {
    timer = clearTimeout(timer);
    question = `resume-${++questions}`;
    ask({ action: "resume", id: question, after: memory.position }); // JSON.stringify leaves out an undefined `after`
  }

  function message(frame) {
    if (!question) take({ messages: [frame] });
    else if (!(frame.seq <= memory.position)) memory.held.set(frame.seq, frame); // until the answer comes
  }

  function resumed(answer) {
    if (answer.id !== question) return; // the answer to a question that a newer one has replaced
    question = undefined;
    take(answer);
    if (answer.more || memory.position < answer.seq) resume();
  }

  function take(answer) {
    const before = memory.position, frames = merge(memory, answer);
    if (answer.recovered === false) onGap(before, frames.length ? frames[0].seq - 1 : memory.position);
    frames.forEach(handOn);
    if (!memory.held.size) timer = clearTimeout(timer);
    else timer ??= setTimeout(resume, 250);
  }

  return { resume, message, resumed };
}
