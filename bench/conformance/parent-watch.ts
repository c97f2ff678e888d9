// Entry of a verification's second thread: ends the process when its parent is gone. The first one is
// busy in a strategy's code and may never come back to hear of it.
import { workerData } from 'node:worker_threads';

const LOOK_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, LOOK_MS);
