/** Header names and values as they were on the wire. */
export function Headers({ headers, label }: { headers: Readonly<Record<string, string>>; label: string }) {
  return (
    <section aria-label={label}>
      <dl className="bw-ep-headers">
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
