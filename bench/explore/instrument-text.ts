import { UsageError } from '../../results/usage-error.ts';
import { POINT_FUNCTIONS, POINT_IMPORTS } from './point-text.ts';
import {
  ACCESS_LOAD,
  ACCESS_STORE,
  type ModuleRole,
  OPERATIONS,
  packSite,
  UNCOUNTED,
} from './scheduler-words.ts';

/** One access to memory in the code of a module. */
export interface Site {
  readonly id: number;
  /** 'core', 'driver' or the strategy's name. */
  readonly module: string;
  readonly function: string;
  /** As in the text format, with the immediate offset. */
  readonly instruction: string;
  readonly stores: boolean;
  readonly loads: boolean;
  /** Bytes of one access; 0 for bulk instructions. */
  readonly bytes: number;
}

export interface TextOptions {
  /** How sites and errors name the module. */
  readonly module: string;
  readonly role: ModuleRole;
  readonly firstSite: number;
}

type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

interface MemoryAccess {
  readonly shape: 'load' | 'store' | 'rmw' | 'cmpxchg';
  readonly type: ValueType;
  readonly bytesLog2: number;
  readonly offset: string;
}

const ACCESS =
  /^(i32|i64|f32|f64)\.(?:atomic\.)?(load|store|rmw)(8|16|32)?(?:\.(\w+))?(?:_[su])?(?: offset=(\d+))?(?: align=\d+)?$/;
/** 16 bytes at once: hardware promises no more than 8, so it is two steps (and one counted access). */
const VECTOR = /^v128\.(load|store)(?: offset=(\d+))?(?: align=\d+)?$/;
const FUTEX = /^memory\.atomic\.(wait32|wait64|notify)(?: offset=(\d+))?(?: align=\d+)?$/;
/**
 * What needs no point: control, locals, and arithmetic on numbers and vectors. Whatever is neither this nor
 * an access above may touch shared state in a way the points do not cover (lane-wise vector accesses,
 * accesses with an order or a memory of their own, garbage-collected objects, tables), or cannot be
 * unwound by asyncify (exceptions, tail calls), so it is refused.
 */
const PLAIN =
  /^(?:unreachable|nop|drop|select|return|block|loop|if|else|end|br|br_if|br_table|call|call_indirect|memory\.size|(?:local|global)\.(?:get|set|tee)|tuple\.(?:make|extract)|(?:[if](?:32|64)|v128|[if]\d+x\d+)\.(?!load|store|atomic)\w+)(?: |$)/;
/** Lines of the text that are no instructions. */
const FRAME = /^(?:[();]|$)/;

/** For a module that has no accesses of its own: the points' functions need the memory. */
const MEMORY_IMPORT = '(import "env" "memory" (memory 1 65536 shared))';

const SCRATCH = `
  (local $x.a i32)
  (local $x.i32 i32) (local $x.i64 i64) (local $x.f32 f32) (local $x.f64 f64)
  (local $x.r32 i32) (local $x.r64 i64) (local $x.v128 v128)`;

/**
 * Puts a scheduling point before every access in a module's flat text: the operands are already on the
 * stack, so the switch happens directly before the access and `p = p + 1` can be interrupted between
 * its load and its store. Futex and bulk instructions become calls; calls into the strategy are marked.
 *
 * @throws UsageError naming the module and the instruction it does not know
 */
export class TextInstrumenter {
  readonly sites: Site[] = [];
  readonly #options: TextOptions;
  readonly #lines: string[] = [];
  readonly #operations = new Map<string, number>();
  /** Names a module without a name section still tells: those of its exports. */
  readonly #exported = new Map<string, string>();
  #function = '';
  #localsPending = false;

  constructor(options: TextOptions) {
    this.#options = options;
  }

  run(text: string): string {
    const lines = text.split('\n');
    let importsDone = false;
    for (const line of lines) {
      const instruction = line.trim();
      if (!importsDone && /^\((import|global|table|export|func) /.test(instruction)) {
        importsDone = true;
        this.#lines.push(POINT_IMPORTS);
        if (!text.includes('(import "env" "memory"')) this.#lines.push(MEMORY_IMPORT);
      }
      if (instruction.startsWith('(import "strategy" ')) this.#noteOperation(instruction);
      if (instruction.startsWith('(export ')) this.#noteExport(instruction);
      if (instruction.startsWith('(func ')) this.#enter(instruction);
      this.#instruction(instruction);
    }
    const end = this.#lines.lastIndexOf(')');
    this.#lines.splice(end, 0, POINT_FUNCTIONS, '(export "x.restore" (func $x.restore))');
    return this.#lines.join('\n');
  }

  #noteOperation(line: string): void {
    const [, name, id] = /^\(import "strategy" "(\w+)" \(func (\S+)/.exec(line) ?? [];
    const operation = (OPERATIONS as readonly string[]).indexOf(name ?? '');
    if (id !== undefined && operation >= 0) this.#operations.set(id, operation + 1);
  }

  #noteExport(line: string): void {
    const [, name, id] = /^\(export "([^"]+)" \(func \$([^\s)]+)/.exec(line) ?? [];
    if (id !== undefined) this.#exported.set(id, name!);
  }

  #enter(line: string): void {
    const id = /^\(func \$(\S+)/.exec(line)?.[1] ?? '?';
    this.#function = /^\d+$/.test(id) ? (this.#exported.get(id) ?? `function ${id}`) : lastPart(id);
    this.#localsPending = true;
  }

  #instruction(line: string): void {
    if (this.#localsPending && !line.startsWith('(func ') && !line.startsWith('(local ')) {
      this.#localsPending = false;
      this.#lines.push(SCRATCH);
    }
    const access = accessOf(line);
    if (access !== null) this.#point(line, access);
    else if (VECTOR.test(line)) this.#vector(line);
    else if (FUTEX.test(line)) this.#futex(line);
    else if (line === 'memory.fill') this.#bulk(line, '$x.fill');
    else if (line === 'memory.copy') this.#bulk(line, '$x.copy');
    else if (line.startsWith('call ')) this.#call(line);
    else if (/^loop\b/.test(line)) this.#lines.push(line, 'call $x.turn');
    else if (PLAIN.test(line) || FRAME.test(line)) this.#lines.push(line);
    else this.#refuse(line);
  }

  #refuse(line: string): never {
    throw new UsageError(
      `${this.#options.module}: instruction ${line.split(' ')[0]} in function ${this.#function} ` +
        'cannot be explored; known are control, arithmetic, and plain, atomic, bulk and whole-v128 ' +
        'accesses to memory',
    );
  }

  #call(line: string): void {
    const operation = this.#operations.get(line.slice(5));
    if (operation === undefined) this.#lines.push(line);
    else this.#lines.push(`i32.const ${operation}`, 'call $x.begin', line, 'call $x.end');
  }

  #site(instruction: string, bytesLog2: number, kind: number): number {
    const id = this.#options.firstSite + this.sites.length;
    this.sites.push({
      id,
      module: this.#options.module,
      function: this.#function,
      instruction,
      loads: (kind & ACCESS_LOAD) !== 0,
      stores: (kind & ACCESS_STORE) !== 0,
      bytes: bytesLog2 < 0 ? 0 : bytesLog2 === UNCOUNTED ? 8 : 1 << bytesLog2,
    });
    return packSite(id, this.#options.role, Math.max(bytesLog2, 0), kind);
  }

  #point(line: string, { shape, type, bytesLog2, offset }: MemoryAccess): void {
    const kind =
      shape === 'load'
        ? ACCESS_LOAD
        : shape === 'store'
          ? ACCESS_STORE
          : ACCESS_LOAD | ACCESS_STORE;
    const packed = this.#site(line, bytesLog2, kind);
    const parked = `$x.${type}`;
    const replacement = `$x.r${type.slice(1)}`;
    if (shape === 'cmpxchg') this.#lines.push(`local.set ${replacement}`);
    if (shape !== 'load') this.#lines.push(`local.set ${parked}`);
    this.#lines.push('local.tee $x.a', 'local.get $x.a', `i32.const ${offset}`, 'i32.add');
    this.#lines.push(`i32.const ${packed}`, 'call $x.point');
    if (shape !== 'load') this.#lines.push(`local.get ${parked}`);
    if (shape === 'cmpxchg') this.#lines.push(`local.get ${replacement}`);
    this.#lines.push(line);
  }

  #vector(line: string): void {
    const [, verb, offset = '0'] = VECTOR.exec(line)!;
    const kind = verb === 'load' ? ACCESS_LOAD : ACCESS_STORE;
    const halves = [
      this.#site(line, 4, kind),
      this.#site(`${line} (second half)`, UNCOUNTED, kind),
    ];
    if (verb === 'store') this.#lines.push('local.set $x.v128');
    this.#lines.push('local.set $x.a');
    halves.forEach((packed, half) => {
      const at = Number(offset) + half * 8;
      this.#lines.push('local.get $x.a', `i32.const ${at}`, 'i32.add');
      this.#lines.push(`i32.const ${packed}`, 'call $x.point', 'local.get $x.a');
      if (verb === 'load') {
        this.#lines.push(`i64.load offset=${at} align=1`);
        this.#lines.push(half === 0 ? 'i64x2.splat' : 'i64x2.replace_lane 1');
      } else {
        this.#lines.push('local.get $x.v128', `i64x2.extract_lane ${half}`);
        this.#lines.push(`i64.store offset=${at} align=1`);
      }
    });
  }

  #futex(line: string): void {
    const [, name, offset = '0'] = FUTEX.exec(line)!;
    const packed = this.#site(line, name === 'wait64' ? 3 : 2, ACCESS_LOAD);
    this.#lines.push(`i32.const ${offset}`, `i32.const ${packed}`, `call $x.${name}`);
  }

  #bulk(line: string, replacement: string): void {
    this.#lines.push(`i32.const ${this.#site(line, -1, ACCESS_STORE)}`, `call ${replacement}`);
  }
}

function accessOf(line: string): MemoryAccess | null {
  const match = ACCESS.exec(line);
  if (match === null) return null;
  const [, type, verb, width, operator, offset = '0'] = match;
  const bits = Number(width ?? type!.slice(1));
  const shape = verb === 'rmw' ? (operator!.startsWith('cmpxchg') ? 'cmpxchg' : 'rmw') : verb;
  return {
    shape: shape as MemoryAccess['shape'],
    type: type as ValueType,
    bytesLog2: Math.log2(bits / 8),
    offset,
  };
}

/** AssemblyScript names a function folder/file/function. */
function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
