import { basename } from "node:path";

/**
 * The words that charts, progress bars and alt texts add of their own, in the edition's language. A kernel
 * learns its edition from the folder that it starts in: `notebooks/ru` is Russian, so that the same cells
 * draw Russian charts there. `KERNEL_HELPERS_LANGUAGE` says it instead.
 */
export type Language = "en" | "ru";

export function language(): Language {
  const said = process.env.KERNEL_HELPERS_LANGUAGE || basename(process.cwd());
  return said === "ru" ? "ru" : "en";
}

/** The words of the edition. */
export function words(): Words {
  return editions[language()];
}

/** "1 task", "3 tasks"; "1 задача", "3 задачи", "5 задач". */
export function count(number: number, noun: Noun): string {
  const lang = language();
  return `${grouped(number)} ${editions[lang].nouns[noun][pluralForm(lang, number)]}`;
}

/** A number as the edition writes it: 1,234.5 or 1 234,5. */
export function grouped(number: number): string {
  return number.toLocaleString(language(), { maximumSignificantDigits: 17 });
}

/** A number within a sentence: 1234.5 or 1234,5. */
export function plain(number: number): string {
  return number.toLocaleString(language(), { maximumSignificantDigits: 17, useGrouping: false });
}

type Noun = "task" | "item" | "queueItem" | "bar" | "event" | "thread" | "core" | "call" | "time";
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const plurals = { en: new Intl.PluralRules("en"), ru: new Intl.PluralRules("ru") };

function pluralForm(lang: Language, number: number): Intl.LDMLPluralRule {
  const rule = plurals[lang].select(number);
  return rule in editions[lang].nouns.task ? rule : "other";
}

const en = {
  /** px of a letter of a subtitle, on average. */
  pxPerLetter: 5.7,
  nouns: {
    task: { one: "task", other: "tasks" },
    bar: { one: "bar", other: "bars" },
    item: { one: "item", other: "items" },
    queueItem: { one: "item", other: "items" },
    event: { one: "event", other: "events" },
    thread: { one: "thread", other: "threads" },
    core: { one: "core", other: "cores" },
    call: { one: "call", other: "calls" },
    time: { one: "times", other: "times" },
  } as Record<Noun, Forms>,
  eventLoop: "event loop",
  queue: "queue",
  several: "several tasks",
  ms: "ms",
  us: "µs",
  // The concurrency chart.
  whoRanWhere: "Who ran where",
  pale: "pale: waiting",
  solid: "solid: running",
  striped: "striped: blocked",
  paused: "paused",
  framed: "dotted frame: paused in the debugger",
  held: (each: string) => `Of this time a debugger held ${each}: neither work nor a block.`,
  heldFor: (thread: string, ms: number) => `${thread} for ${ms} ms`,
  withoutPauses: (ms: string) => ` (without ${ms} ms in the debugger)`,
  endings: { failed: "failed", stopped: "stopped" },
  shapes: { cross: "cross", square: "square" },
  unfinished: "unfinished",
  red: (threshold: string) => `red: the loop is blocked for ${threshold} ms or longer`,
  dots: "dots: ticks of the loop",
  calls: "arrows: a call to the loop",
  arrows: "arrows: a call to the loop and its answer",
  startArrows: "arrows down: from the loop to a task's start",
  moreThreads: (threads: number) => `${threads} more threads`,
  moreOfPool: (threads: number) => `${threads} more of libuv`,
  shares: "height of the solid part: share of the time on a core",
  onCore: [", on a core for ", " % of the time"],
  hadCore: (percent: number, least: string, lowest: number) =>
    `While they ran on their threads, tasks had a core for ${percent} % of the time, ${least} for ${lowest} %.`,
  itemArrows: "arrows between threads: from put to get",
  item: (number: number) => `item ${number}`,
  manyArrows: (calls: string) => `${calls} to the loop, too many for arrows`,
  thinned: (tasks: string, bars: string) => `thinned: ${tasks} drawn as ${bars}`,
  poolQueue: "libuv queue",
  collected: "ticks below: garbage collections",
  ownCost: "grey on the loop: the recording itself",
  traceCost: (own: string, most: string, events: string, error: string) => [
    `recording took ${own} ms of the loop`,
    `${events} at most ${most} ms`,
    `clocks agree to ${error} ms`,
  ],
  leftOut: (items: number) =>
    `${items} short calls of files and names are not drawn: Node does not tell their thread`,
  lostInTrace: (events: string) => `${events} lost in Node's tracing`,
  missing: (what: string) => `not recorded: ${what}`,
  poolDid: (items: string, threads: string) => `libuv: ${items}${threads && ` on ${threads}`}`,
  longestWait: (who: string, ms: string, on: string) => `, the longest wait ${ms} ms: ${who}${on}.`,
  onThread: (thread: string) => ` for ${thread}`,
  profiledFor: (ms: string) => `profiles took ${ms} ms of it`,
  flameOf: (thread: string, from: string, to: string, ms: string) =>
    `What ${thread} computed from ${from} to ${to} ms: ${ms} ms in all`,
  hottest: (most: string) => `most of it in ${most}`,
  nodeItself: "(Node and packages)",
  flameAxis: "ms on the stack, the longest first, not in order of time",
  whoWaitsForWhom: "Who waited for whom",
  whoWaits: "who (where)",
  forWhom: "for whom (where)",
  howLongWaited: "how long",
  nobodyWaited: "Nobody waited for 1 ms or longer.",
  answerOf: (call: string) => `the loop's answer to ${call}`,
  freeLoop: "the loop to be free",
  freeThread: "a free thread",
  startOf: (thread: string) => `${thread} to be ready`,
  unknownWait: "a pause, a lock or a queue",
  overwritten: (events: string) => `the oldest ${events} were overwritten: record with a larger capacity`,
  someOf: (number: number, how: string) => `, ${number} of them ${how}`,
  ranAs: (tasks: string, threads: string, ms: number, how: string, longest: number) =>
    `${tasks} on ${threads} took ${ms} ms in all${how}; the loop was blocked for ${longest} ms at most.`,
  sinceRecording: "time since the recording began (ms)",
  states: {
    waiting: "waiting",
    running: "running",
    blocked: "blocked",
    awaiting: "awaiting its promise",
    within: "ran at some time in here",
  },
  fields: {
    task: "task",
    lane: "lane",
    state: "state",
    from: "from (ms)",
    to: "to (ms)",
    blockedFrom: "loop blocked from (ms)",
    pausedFrom: "paused in the debugger from (ms)",
    for: "for (ms)",
    tasksWaiting: "tasks waiting",
    name: "name",
    at: "at (ms)",
    ticked: "the loop ticked at (ms)",
    call: "call",
    value: "value",
    count: "count",
    least: "least",
    median: "median",
    most: "most",
    threads: "threads",
    time: "time",
    delay: "delay",
    recordingFrom: "recording itself from (ms)",
    function: "function",
    place: "where",
    total: "on the stack (ms)",
    self: "itself (ms)",
    collectedFrom: "collected from (ms)",
  },
  endedBy: (how: string) => `, then ${how}`,
  // The delay of the loop.
  loopDelay: "How long an event waits for the loop",
  sinceMeasuring: "time since the measuring began (ms)",
  delayMs: "delay (ms)",
  longestOf: (shown: number, all: string) => `the longest ${shown} of ${all} blocks`,
  delayed: (ms: number, all: number, blocks: number, most: number) =>
    `In ${ms} ms the loop was blocked for ${all} ms in all (blocks: ${blocks}); an event waited for ${most} ms at most.`,
  // Bars of numbers.
  howLong: "How long it took",
  durationMs: "duration (ms)",
  took: (name: string, ms: string) => `${name} took ${ms} ms`,
  timesAsFast: (all: string, last: string, times: string, first: string) =>
    `${all}: ${last} was ${times} as fast as ${first}.`,
  costOfCall: "What a call costs",
  timeForCall: (unit: string) => `time for a call (${unit})`,
  costs: (name: string, cost: string, unit: string) => `${name} costs ${cost} ${unit}`,
  logarithmic: (title: string) => `${title}, logarithmic`,
  // Throughput.
  throughput: "Throughput by number of threads",
  tasks: "tasks",
  threads: "threads",
  perSecond: (unit: string) => `${unit} per second`,
  ideal: "dashed: if each thread added as much as the first",
  throughputFrom: (first: string, last: string, from: string, to: string, unit: string) =>
    `From ${first} to ${last} the throughput goes from ${from} to ${to} ${unit} per second.`,
  coresOf: (cores: number) => ` Cores of the machine: ${cores}.`,
  // Latencies.
  latencies: "How long calls took",
  latency: (unit: string) => `latency (${unit})`,
  latencyLegend: "line: all calls · thick: the middle half · dot: median",
  latencyTick: "tick: 99 of 100 are faster",
  halfTook: (each: string) => `Half of the calls took at most: ${each}.`,
  halfAndMost: (each: string) => `Half of the calls, and 99 of 100, took at most: ${each}.`,
  two: (name: string, median: string, p99: string, unit: string) =>
    `${name} ${median} ${unit} and ${p99} ${unit}`,
  one: (name: string, median: string, unit: string) => `${name} ${median} ${unit}`,
  // Progress.
  of: (done: number, total: number) => `${done} of ${total}`,
  seconds: (seconds: string) => `${seconds} s`,
  // A schedule for so many threads.
  schedule: "The same tasks on so many threads",
  scheduleBlocked: "striped: blocked, needs no core",
  scheduleComputing: "solid: computing on a core",
  scheduleAxis: "time (ms)",
  scheduled: (tasks: string, from: string, fromMs: string, to: string, toMs: string) =>
    `${tasks} are done after ${fromMs} ms on ${from}, after ${toMs} ms on ${to}.`,
  allDone: (ms: string) => `all done after ${ms} ms`,
  // Lines: cost against size.
  slider: (name: string) => `${name}, point`,
  lineAt: (name: string, from: string, to: string, most: string) =>
    `${name} goes from ${from} to ${to}, ${most} at most`,
  cross: (a: string, b: string, at: string) => `${a} and ${b} cross at ${at}`,
  // A histogram.
  histogram: "How often each result came",
  runs: "runs",
  histogramOf: (runs: string, least: string, most: string) => `${runs} runs gave from ${least} to ${most}.`,
  expected: (value: string) => `expected: ${value}`,
  expectedEach: (value: string) => ` A right program gives ${value} each time.`,
  // Sequence of calls.
  sequence: "Who called whom",
  firstOf: (shown: number, all: number) => `the first ${shown} of ${all}`,
  sequenceOf: (calls: string, threads: string, items: string) =>
    `${calls} from ${threads} to the event loop${items && `, ${items} between threads`}.`,
};

export type Words = typeof en;

const ru: Words = {
  pxPerLetter: 7.2,
  nouns: {
    task: { one: "задача", few: "задачи", many: "задач", other: "задачи" },
    queueItem: { one: "элемент", few: "элемента", many: "элементов", other: "элемента" },
    item: { one: "операция", few: "операции", many: "операций", other: "операции" },
    bar: { one: "полоса", few: "полосы", many: "полос", other: "полосы" },
    event: { one: "событие", few: "события", many: "событий", other: "события" },
    thread: { one: "поток", few: "потока", many: "потоков", other: "потока" },
    core: { one: "ядро", few: "ядра", many: "ядер", other: "ядра" },
    call: { one: "вызов", few: "вызова", many: "вызовов", other: "вызова" },
    time: { one: "раз", few: "раза", many: "раз", other: "раза" },
  },
  eventLoop: "цикл событий",
  queue: "очередь",
  several: "несколько задач",
  ms: "мс",
  us: "мкс",
  whoRanWhere: "Кто где работал",
  pale: "бледное: ожидание",
  solid: "сплошное: работа",
  striped: "штриховка: блокировка",
  paused: "пауза",
  framed: "пунктирная рамка: пауза в отладчике",
  held: (each) => `Из этого времени отладчик держал: ${each}; это не работа и не блокировка.`,
  heldFor: (thread, ms) => `${thread} — ${ms} мс`,
  withoutPauses: (ms) => ` (без ${ms} мс в отладчике)`,
  endings: { failed: "ошибка", stopped: "остановка" },
  shapes: { cross: "крест", square: "квадрат" },
  unfinished: "не завершено",
  red: (threshold) => `красное: цикл заблокирован на ${threshold} мс и дольше`,
  dots: "точки: такты цикла",
  calls: "стрелки: вызов в цикл",
  arrows: "стрелки: вызов в цикл и ответ",
  startArrows: "стрелки вниз: от цикла к началу задачи",
  moreThreads: (threads) => `другие потоки: ${threads}`,
  moreOfPool: (threads) => `libuv, ещё ${threads}`,
  shares: "высота сплошной части: доля времени на ядре",
  onCore: [", на ядре ", " % времени"],
  hadCore: (percent, least, lowest) =>
    `Пока задачи выполнялись в своих потоках, они занимали ядро ${percent} % времени, ${least} — ${lowest} %.`,
  itemArrows: "стрелки между потоками: от put к get",
  item: (number) => `элемент ${number}`,
  manyArrows: (calls) => `${calls} в цикл: для стрелок слишком много`,
  thinned: (tasks, bars) => `упрощено: ${tasks} — на графике ${bars}`,
  poolQueue: "очередь libuv",
  collected: "чёрточки внизу: сборка мусора",
  ownCost: "серое на дорожке цикла: сама запись",
  traceCost: (own, most, events, error) => [
    `запись заняла у цикла ${own} мс`,
    `${events}, каждое не дольше ${most} мс`,
    `расхождение часов до ${error} мс`,
  ],
  leftOut: (items) =>
    `не показаны короткие обращения к файлам и именам: ${items}; Node не сообщает, в каком они потоке`,
  lostInTrace: (events) => `трассировка Node потеряла: ${events}`,
  missing: (what) => `не записано: ${what}`,
  poolDid: (items, threads) => `libuv: ${items}${threads && `, ${threads}`}`,
  longestWait: (who, ms, on) => `, самое долгое ожидание — ${ms} мс: ${who}${on}.`,
  onThread: (thread) => `, поток ${thread}`,
  profiledFor: (ms) => `профили заняли у него ${ms} мс`,
  flameOf: (thread, from, to, ms) => `Что вычислял ${thread} от ${from} до ${to} мс: всего ${ms} мс`,
  hottest: (most) => `больше всего — ${most}`,
  nodeItself: "(Node и пакеты)",
  flameAxis: "мс в стеке; самое долгое слева, не по времени",
  whoWaitsForWhom: "Кто кого ждал",
  whoWaits: "кто (где)",
  forWhom: "кого (где)",
  howLongWaited: "сколько",
  nobodyWaited: "Никто не ждал миллисекунду и дольше.",
  answerOf: (call) => `ответ цикла на ${call}`,
  freeLoop: "свободный цикл",
  freeThread: "свободный поток",
  startOf: (thread) => `готовность ${thread}`,
  unknownWait: "пауза, блокировка или очередь",
  overwritten: (events) => `перезаписано старых: ${events}; увеличьте capacity`,
  someOf: (number, how) => `, ${how}: ${number}`,
  ranAs: (tasks, threads, ms, how, longest) =>
    `${tasks} (${threads}) за ${ms} мс${how}; самая долгая блокировка цикла — ${longest} мс.`,
  sinceRecording: "время с начала записи (мс)",
  states: {
    waiting: "ожидание",
    running: "работа",
    blocked: "блокировка",
    awaiting: "ожидание промиса",
    within: "работа где-то здесь",
  },
  fields: {
    task: "задача",
    lane: "дорожка",
    state: "состояние",
    from: "от (мс)",
    to: "до (мс)",
    blockedFrom: "цикл заблокирован с (мс)",
    pausedFrom: "пауза в отладчике с (мс)",
    for: "длительность (мс)",
    tasksWaiting: "задач в очереди",
    name: "имя",
    at: "момент (мс)",
    ticked: "такт цикла (мс)",
    call: "вызов",
    value: "значение",
    count: "количество",
    least: "минимум",
    median: "медиана",
    most: "максимум",
    threads: "потоки",
    time: "время",
    delay: "задержка",
    recordingFrom: "запись занимает цикл с (мс)",
    function: "функция",
    place: "где",
    total: "в стеке (мс)",
    self: "сама (мс)",
    collectedFrom: "сборка мусора с (мс)",
  },
  endedBy: (how) => `, затем ${how}`,
  loopDelay: "Сколько событие ждёт цикла",
  sinceMeasuring: "время с начала измерения (мс)",
  delayMs: "задержка (мс)",
  longestOf: (shown, all) => `самые долгие блокировки: ${shown} из ${all}`,
  delayed: (ms, all, blocks, most) =>
    `За ${ms} мс цикл был заблокирован ${all} мс (блокировок: ${blocks}); событие ждало не дольше ${most} мс.`,
  howLong: "Сколько это заняло",
  durationMs: "длительность (мс)",
  took: (name, ms) => `${name} — ${ms} мс`,
  timesAsFast: (all, last, times, first) => `${all}: ${last} быстрее, чем ${first}, в ${times}.`,
  costOfCall: "Сколько стоит вызов",
  timeForCall: (unit) => `время вызова (${unit})`,
  costs: (name, cost, unit) => `${name} — ${cost} ${unit}`,
  logarithmic: (title) => `${title}, логарифмическая шкала`,
  throughput: "Пропускная способность и число потоков",
  tasks: "задач",
  threads: "потоки",
  perSecond: (unit) => `${unit} в секунду`,
  ideal: "пунктир: если бы каждый поток добавлял столько же, сколько первый",
  throughputFrom: (first, last, from, to, unit) =>
    `Пропускная способность (${first} → ${last}): ${from} → ${to} ${unit} в секунду.`,
  coresOf: (cores) => ` Ядер процессора: ${cores}.`,
  latencies: "Сколько длились вызовы",
  latency: (unit) => `задержка (${unit})`,
  latencyLegend: "линия: все вызовы · толстая: средняя половина · точка: медиана",
  latencyTick: "черта: 99 из 100 быстрее",
  halfTook: (each) => `Половина вызовов длилась не дольше: ${each}.`,
  halfAndMost: (each) => `Половина вызовов и 99 из 100 длились не дольше: ${each}.`,
  two: (name, median, p99, unit) => `${name} — ${median} ${unit} и ${p99} ${unit}`,
  one: (name, median, unit) => `${name} — ${median} ${unit}`,
  of: (done, total) => `${done} из ${total}`,
  seconds: (seconds) => `${seconds.replace(".", ",")} с`,
  schedule: "Те же задачи и разное число потоков",
  scheduleBlocked: "штриховка: блокировка, ядро не нужно",
  scheduleComputing: "сплошное: вычисление на ядре",
  scheduleAxis: "время (мс)",
  scheduled: (tasks, from, fromMs, to, toMs) => `${tasks}: ${from} — ${fromMs} мс, ${to} — ${toMs} мс.`,
  allDone: (ms) => `всё готово через ${ms} мс`,
  slider: (name) => `${name}, точка`,
  lineAt: (name, from, to, most) => `${name}: от ${from} до ${to}, не больше ${most}`,
  cross: (a, b, at) => `${a} и ${b} пересекаются при ${at}`,
  histogram: "Как часто получался каждый результат",
  runs: "запусков",
  histogramOf: (runs, least, most) => `Запусков: ${runs}, результаты от ${least} до ${most}.`,
  expected: (value) => `ожидалось: ${value}`,
  expectedEach: (value) => ` Правильная программа каждый раз даёт ${value}.`,
  sequence: "Кто кого вызвал",
  firstOf: (shown, all) => `первые ${shown} из ${all}`,
  sequenceOf: (calls, threads, items) =>
    `В цикл событий: ${calls} (${threads})${items && `; между потоками: ${items}`}.`,
};

const editions: Record<Language, Words> = { en, ru };
