/** A bell whose rim is a wire that runs on to both sides. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M7 15V10a5 5 0 0 1 10 0v5" />
      <path d="M2 15h20" />
      <path d="M12 19.5v.01" />
      <path d="M12 2.5V5" />
    </svg>
  );
}

export function Wordmark() {
  return (
    <span className="bw-wordmark">
      <Mark />
      <span>bellwire</span>
    </span>
  );
}
