import { Bench } from '../../diagnostics/bench.ts';
import { EchoPanel } from '../../diagnostics/echo-panel.ts';
import type { Finding } from '../../diagnostics/identify.ts';
import { LatencyPanel } from '../../diagnostics/latency-panel.ts';
import { LoadPanel } from '../../diagnostics/load-panel.ts';
import { Report } from '../../diagnostics/report.ts';
import { ReportPanel } from '../../diagnostics/report-panel.ts';
import { ThroughputPanel } from '../../diagnostics/throughput-panel.ts';
import { AddressField } from '../../shell/address-field.ts';
import { element } from '../../shell/element.ts';
import { showEnding } from '../../shell/ending-note.ts';
import { showState } from '../../shell/state.ts';

/** Nobody knows yet what the target is. */
let isUnknown = true;
/** The buttons that choose a path. */
const choices = document.querySelectorAll<HTMLButtonElement>('[data-path]');
const report = new Report();
const reportPanel = new ReportPanel(report);
const address = new AddressField(() => {
  showState('idle');
  showEnding(element('ending'), null);
  showFinding(null);
  bench.showButtons();
}, './load');

const bench = new Bench({
  address: () => address.address,
  onFinding(url, finding) {
    report.begin({ address: url.href, target: finding.kind === 'other' ? finding.said : `${finding.kind}:` });
    showFinding(finding);
  },
  onBusy(busy) {
    address.locked = busy;
    for (const button of [element<HTMLButtonElement>('check'), ...choices]) button.disabled = busy;
    if (!busy) reportPanel.show();
  },
  onEnding(ending, wasOpen) {
    showEnding(element('ending'), ending);
    if (!ending || wasOpen) return;
    // A target that was there a moment ago needs no recipe.
    if (isUnknown) element<HTMLDetailsElement>('recipe').open = true;
    showFinding(null);
  },
});
for (const Panel of [LatencyPanel, ThroughputPanel, LoadPanel]) bench.add(new Panel(report));
bench.add(new EchoPanel((tool) => bench.start(tool)));

element('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  void bench.start(null);
});
for (const button of choices) {
  button.addEventListener('click', () => {
    address.choose(new URL(button.dataset['path'] ?? '', location.href).pathname);
    void bench.start(null);
  });
}
addEventListener('pagehide', () => bench.stop());
showState('idle');

const KNOWN = {
  load: 'The load server of a bridge. Every tool works with it.',
  echo: 'It gives back what it gets: everything goes there and back, so throughput is measured both ways at once.',
} as const;

/** Shows what the target is and what can be done with it; null = nobody knows yet. */
function showFinding(finding: Finding | null): void {
  const [note, kind, text] = [element('finding'), element('finding-kind'), element('finding-text')];
  isUnknown = finding === null;
  kind.hidden = finding === null;
  note.dataset['kind'] = finding === null ? 'plain' : finding.kind === 'other' ? 'busy' : 'good';
  kind.textContent = finding === null ? '?' : finding.kind === 'other' ? 'other' : `${finding.kind}:`;
  text.textContent =
    finding === null
      ? 'This page measures with the servers that are part of the bridge: load: for everything, echo: for most.'
      : finding.kind === 'other'
        ? `Neither load: nor echo:. ${finding.said ? `It says “${finding.said}”.` : 'It says nothing.'} The echo tool works with it if it speaks in lines; the others need load: or echo:.`
        : KNOWN[finding.kind];
  if (finding?.kind === 'other') element<HTMLDetailsElement>('recipe').open = true;
}
