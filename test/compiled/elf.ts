// What an ELF file says that it needs, as in elf(5) and in "Symbol Versioning" of the LSB: 64 bits, little endian.

/** Section type: versions of other files' symbols. */
const SHT_GNU_VERNEED = 0x6ffffffe;

interface Section {
  type: number;
  /** Its offset in the file. */
  start: number;
  /** Which section has its names. */
  link: number;
}

/** Where the file proper ends: with its section headers. What stands behind that belongs to somebody else. */
export function endOf(elf: Uint8Array): number {
  const view = viewOf(elf);
  return Number(view.getBigUint64(40, true)) + view.getUint16(58, true) * view.getUint16(60, true);
}

/** The versions of other files' symbols without which the dynamic linker refuses it, such as `GLIBC_2.27`. */
export function neededVersions(elf: Uint8Array): string[] {
  const view = viewOf(elf), all = sections(view);
  return all.filter(({ type }) => type === SHT_GNU_VERNEED).flatMap(({ start, link }) => {
    const found: string[] = [];
    const names = all[link];
    for (let need = start, next = -1; next !== 0; need += next) {
      // Elf64_Verneed: version, count, file, aux, next.
      let aux = need + view.getUint32(need + 8, true);
      for (let count = view.getUint16(need + 2, true); count > 0; count--) {
        // Elf64_Vernaux: hash, flags, other, name, next.
        found.push(textAt(elf, names.start + view.getUint32(aux + 8, true)));
        aux += view.getUint32(aux + 12, true);
      }
      next = view.getUint32(need + 12, true);
    }
    return found;
  });
}

function sections(view: DataView): Section[] {
  const offset = Number(view.getBigUint64(40, true)), size = view.getUint16(58, true);
  return Array.from({ length: view.getUint16(60, true) }, (_, index) => {
    const header = offset + index * size;
    return {
      type: view.getUint32(header + 4, true),
      start: Number(view.getBigUint64(header + 24, true)),
      link: view.getUint32(header + 40, true),
    };
  });
}

function textAt(bytes: Uint8Array, offset: number): string {
  return new TextDecoder().decode(bytes.subarray(offset, bytes.indexOf(0, offset)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
