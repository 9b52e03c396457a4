/** What a list of choices shows. */
export interface SelectProps {
  label: string;
  /** The choice; empty for all. */
  value: string;
  options: [name: string, count: number][];
  onChange(value: string): void;
}

/** A choice of a kind, a node or a protocol, with how many there are of each. */
export function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <select
      class={value === "" ? "" : "active"}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{label}: all</option>
      {options.map(([name, count]) => (
        <option key={name} value={name}>{`${name} (${count.toLocaleString("en-US")})`}</option>
      ))}
      {value !== "" && !options.some(([name]) => name === value) && (
        <option value={value}>{value}</option>
      )}
    </select>
  );
}
