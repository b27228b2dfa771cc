import type { ManualNote } from './ancestor-help.ts';

const CERTIFICATE: ManualNote = {
  title: 'A certificate',
  paragraphs: [
    {
      text: 'Browsers on pages of https:// open wss:// connections only, and those need a certificate. One for trials signs itself; give the name of the machine as its subject and alternative name:',
      example:
        'openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=bridge.test -addext subjectAltName=DNS:bridge.test -keyout self.pem -out self.pem',
    },
    {
      text: 'A file self.pem in the working directory is found without --cert. TLS and plain text then share the port, unless --ssl-only is given. A browser has to be told once, by opening the https:// address, that it may trust such a certificate.',
    },
  ],
};

const WRAPPING: ManualNote = {
  title: 'Wrapping a program',
  paragraphs: [
    {
      text: 'The program after -- is started, and when it binds the port that the bridge listens on it gets a free port of loopback in its place: by a small library that is preloaded (LD_PRELOAD). Everything else that it binds stays as it is. A program that goes into the background needs --wrap-mode=ignore:',
      example: 'websockify 5901 --wrap-mode=ignore -- vncserver -geometry 1024x768 :1',
    },
    {
      text: 'One that serves a single connection and ends is started again for the next:',
      example: 'websockify 2023 --wrap-mode=respawn -- telnetd -debug 2023',
    },
    {
      text: 'Statically linked programs take no library: {port} in an argument, or --wrap-port-env NAME, tells them their port. The program inherits the environment without what begins with BASCULE_. It is ended with the bridge, but not by kill -9 of the bridge: nothing can answer that.',
    },
  ],
};

const CLIENTS: ManualNote = {
  title: 'Client certificates',
  paragraphs: [
    {
      text: 'With --verify-client a TLS client has to show a valid certificate of an authority in --cafile, or else of one that the system trusts. Intermediate certificates that clients do not send may stand in that file, too. --auth-plugin=ClientCertCNAuth lets in only the common names in --auth-source, with spaces between them, and nobody without TLS:',
      example:
        "websockify --cert=fullchain.pem --key=privkey.pem --ssl-only --verify-client --cafile=authority.pem --auth-plugin=ClientCertCNAuth --auth-source='jane@example.com joe' --web=noVNC 6080 localhost:5901",
    },
    {
      text: 'Most browsers let their user choose a certificate for pages only: serve the page with --web from the same port.',
    },
  ],
};

/** What the manual page of websockify tells beside its options. */
export const WEBSOCKIFY_NOTES: readonly ManualNote[] = [CERTIFICATE, WRAPPING, CLIENTS];

const named = (note: ManualNote, program: string): ManualNote => ({
  ...note,
  paragraphs: note.paragraphs.map(({ text, example }) =>
    example === undefined ? { text } : { text, example: example.replace(/^websockify/, program) },
  ),
});

/** The same for wsproxy, which knows no certificates of clients. */
export const WSPROXY_NOTES: readonly ManualNote[] = [CERTIFICATE, named(WRAPPING, 'wsproxy')];

/** The same for servers that may have TLS, and nothing behind them. */
export const SERVER_NOTES: readonly ManualNote[] = [CERTIFICATE];
