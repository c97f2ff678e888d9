// Entry of driver.wasm: the loops of the roles. It imports the strategy module and compiles core's
// services in (they keep no state of their own), so that no call crosses a module border but the one to
// the strategy.

export { barrierWait } from './barrier';
export { warmClock } from './clock';
export { access } from './driver/device-access';
export { deviceLoop } from './driver/device-thread';
export { maintainAll, maintenanceLoop } from './driver/maintenance-thread';
export { microCalls } from './driver/micro-calls';
export {
  microAccess,
  microInvalidate,
  microNotify,
  microTranslate,
  microUpdate,
  microWalk,
  microWalkChain,
  microWords,
} from './driver/micro-loops';
export { applyTraceEvent } from './driver/os-event';
export {
  attach,
  detach,
  reapDeferred,
  register,
  unregister,
} from './driver/registration';
export { registrationLoop, restoreRegions } from './driver/registration-thread';
export { replayLoop } from './driver/replay-loop';
export { stormLoop } from './driver/storm-thread';
export { openWindow } from './driver/window';
export { handoverFollow, handoverLead } from './handover';
export { allocatorCheck } from './page-allocator';
export { setThread } from './thread';
