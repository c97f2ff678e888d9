// Entry of the module the core's tests drive: everything core and driver keep to themselves, compiled
// with the build's own flags. The strategy's functions are imports, so a test plays the strategy.
export * from '../address-space';
export * from '../barrier';
export * from '../device';
export * from '../driver/device-access';
export * from '../driver/invalidation';
export * from '../driver/registration';
export * from '../driver/walk';
export * from '../fault-injection';
export * from '../histogram';
export * from '../lock';
export * from '../notifier';
export * from '../oracle';
export * from '../page-allocator';
export * from '../region';
export * from '../thread';
export * from './guarded-count';
