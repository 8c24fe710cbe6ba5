// The random stream of the program itself, so that the page draws the very samples that the tables were made with:
// ChaCha with 8 rounds, its key expanded from a small seed by PCG32, whole numbers by Canon's method.

function chacha8(seed) {
  const key = new Uint32Array(8);
  let state = BigInt(seed);
  const mask = (1n << 64n) - 1n;
  for (let i = 0; i < 8; i++) {
    state = (state * 6364136223846793005n + 11634580027462260723n) & mask;
    const mixed = Number((((state >> 18n) ^ state) >> 27n) & 0xffffffffn);
    const turn = Number(state >> 59n);
    key[i] = (mixed >>> turn) | (mixed << ((32 - turn) & 31));
  }
  const block = new Uint32Array(16);
  const start = new Uint32Array(16);
  start.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  start.set(key, 4);
  let used = 16;

  function quarter(a, b, c, d) {
    block[a] += block[b]; let x = block[d] ^ block[a]; block[d] = (x << 16) | (x >>> 16);
    block[c] += block[d]; x = block[b] ^ block[c]; block[b] = (x << 12) | (x >>> 20);
    block[a] += block[b]; x = block[d] ^ block[a]; block[d] = (x << 8) | (x >>> 24);
    block[c] += block[d]; x = block[b] ^ block[c]; block[b] = (x << 7) | (x >>> 25);
  }

  function refill() {
    block.set(start);
    for (let round = 0; round < 4; round++) {
      quarter(0, 4, 8, 12); quarter(1, 5, 9, 13); quarter(2, 6, 10, 14); quarter(3, 7, 11, 15);
      quarter(0, 5, 10, 15); quarter(1, 6, 11, 12); quarter(2, 7, 8, 13); quarter(3, 4, 9, 14);
    }
    for (let i = 0; i < 16; i++) block[i] += start[i];
    start[12] += 1;
    if (start[12] === 0) start[13] += 1;
    used = 0;
  }

  function next() {
    if (used === 16) refill();
    return block[used++];
  }

  // The two halves of a 64-bit product; both fit a double where the range is below 2^21.
  function below(range) {
    const product = next() * range;
    let high = Math.floor(product / 4294967296);
    const low = product - high * 4294967296;
    if (low > 4294967296 - range) {
      const more = Math.floor(next() * range / 4294967296);
      if (low + more >= 4294967296) high += 1;
    }
    return high;
  }

  return { next, below };
}
