/**
 * What is measured. `load` are the arguments of the load generator; `unit` says what its units are:
 * bytes, messages or connections. `first` is the amount of the first calibration run, `most` bounds the amount
 * (a connection leaves a port in TIME_WAIT behind). `warmUp` is how many rounds are not counted, 1 by default;
 * `longer` is how many times as long as in other rows a round takes.
 */
export const ROWS = [
  { name: 'upload-64k', title: 'upload, 64 KiB frames', unit: 'byte', load: ['upload', '--size', 65_536], first: 4e6 },
  { name: 'upload-1k', title: 'upload, 1 KiB frames', unit: 'byte', load: ['upload', '--size', 1024], first: 1e6 },
  {
    name: 'download-64k',
    title: 'download, 64 KiB writes',
    unit: 'byte',
    load: ['download', '--size', 65_536],
    first: 4e6,
  },
  {
    name: 'download-1k',
    title: 'download, 1 KiB writes',
    unit: 'byte',
    load: ['download', '--size', 1024],
    first: 1e6,
  },
  {
    name: 'echo-1',
    title: '64-byte echo, 1 connection',
    unit: 'message',
    load: ['echo', '--size', 64],
    first: 200,
    // Most of it is the waking of processes, whose cost wavers from one second to the next.
    longer: 4,
  },
  {
    name: 'echo-64',
    title: '64-byte echo, 64 connections',
    unit: 'message',
    load: ['echo', '--size', 64, '--connections', 64],
    first: 1000,
  },
  {
    name: 'burst',
    title: 'bursts of 64 × 64 bytes, echoed',
    unit: 'message',
    load: ['echo', '--size', 64, '--burst', 64],
    first: 2000,
  },
  {
    name: 'connect',
    title: 'open, 1 echo, close; 4 at a time',
    unit: 'connection',
    load: ['connect', '--connections', 4],
    first: 20,
    most: 4000,
    // Opening goes once through most of a bridge's code, which a compiler finds hot only after thousands of sessions.
    warmUp: 8,
  },
  { name: 'memory', title: 'memory per idle connection', unit: 'memory', load: ['idle'] },
];
