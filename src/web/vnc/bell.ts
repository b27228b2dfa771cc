const LENGTH = 0.15;
/** Servers can ring as often as they like; one tone in this time is enough, in ms. */
const REST = 400;

let last = -REST;

/** Rings: the stage flashes, and a short tone sounds where that is wanted and the browser allows it. */
export function ring(stage: HTMLElement, sound: boolean): void {
  const now = performance.now();
  if (now - last < REST) return;
  last = now;
  stage.classList.add('ringing');
  setTimeout(() => stage.classList.remove('ringing'), REST);
  if (sound) playTone();
}

/** Sounds the short tone. */
function playTone(): void {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + LENGTH);
  tone.frequency.value = 740;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + LENGTH);
  // Without a click on the page so far the browser keeps it silent, and 'ended' would never come.
  setTimeout(() => void audio.close(), REST);
}
