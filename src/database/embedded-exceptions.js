/**
 * Makes errors of what GEOS throws, in this thread and for engines that are created from now on.
 *
 * PGlite's PostGIS is built without C++'s catch: an exception leaves PostgreSQL's frames as they are, and the statement ends without a
 * result and without an error, or continues with a value that nothing returned (PGlite 0.5.8, electric-sql/pglite issue 916). Here the throw
 * itself raises an error of PostgreSQL's, which ends the statement, can be caught in PL/pgSQL, and has the code
 * external_routine_exception (38000). What the call had allocated stays so until the engine is started again, as it did before.
 */
export function raiseExceptions() {
  // Node's types know it only together with those of browsers.
  const { WebAssembly } = /** @type {any} */ (globalThis);
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (/** @type {any} */ source, /** @type {any} */ imports) => {
    const made = await instantiate(source, imports);
    const { exports } = made.instance ?? made;
    // The engine itself throws nothing; the libraries that it loads later find their imports in this same object.
    if (imports?.env && "__cxa_throw" in imports.env && "errstart" in exports) {
      imports.env.__cxa_throw = raiser(exports, imports.env.memory);
    }
    return made;
  };
}

/**
 * @param {Record<"errstart" | "errcode" | "errmsg_internal" | "errfinish" | "malloc", (...args: number[]) => number>} postgres
 * @param {{ buffer: ArrayBuffer }} memory
 */
function raiser(postgres, memory) {
  const error = 21;
  const external_routine_exception = sqlState("38000");
  const out_of_memory = sqlState("53200");
  const size = 256;
  // Kept for all of them. Not made here, where the engine's own allocator is not set up yet.
  let message = 0;
  /** @param {number} _thrown @param {number} type where its std::type_info is, whose second word leads to its name */
  return (_thrown, type) => {
    const name = textAt(memory, new DataView(memory.buffer).getUint32(type + 4, true));
    // Mangled, as in N4geos4util24IllegalArgumentExceptionE. No percent sign can be in it, which would ask for an argument.
    const text = new TextEncoder().encode(
      `PostGIS has given up: ${name.match(/[A-Z][A-Za-z]*Exception/)?.[0] ?? name}`,
    );
    message ||= postgres.malloc(size);
    postgres.errstart(error, 0);
    // Lack of memory is not the fault of an area, and must not be caught as one.
    postgres.errcode(name.includes("bad_alloc") ? out_of_memory : external_routine_exception);
    if (message) {
      const buffer = new Uint8Array(memory.buffer, message, size).fill(0);
      buffer.set(text.subarray(0, size - 1));
      postgres.errmsg_internal(message, 0);
    }
    // Does not come back.
    postgres.errfinish(0, 0, 0);
  };
}

/** @param {string} code */
function sqlState(code) {
  return [...code].reduce((sum, char, i) => sum + ((char.charCodeAt(0) - 48) & 63) * 64 ** i, 0);
}

/** @param {{ buffer: ArrayBuffer }} memory @param {number} at */
function textAt(memory, at) {
  const bytes = new Uint8Array(memory.buffer);
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
