/**
 * Cost of generic_pt (drivers/iommu/generic_pt) as its patches give it: AMDv1 format, average
 * nanoseconds, software only, no IOTLB flush. Another machine, another language: a landmark, not a
 * reference to be compared with.
 */
export const PUBLISHED_MACHINE = 'generic_pt AMDv1, i7-12700, gcc 13.3 (another machine)';

/** By the label of the micro table. Source: J. Gunthorpe, "iommupt: Add the AMD IOMMU v1 page table format", Oct 2025. */
export const PUBLISHED_NS: Readonly<Record<string, number>> = {
  'map 1x4K': 65,
  'map 1x2M': 60,
  'map 256x4K': 381,
  'map 256x2M': 375,
  'map 1x8K': 70,
  'map 1x16K': 73,
  'map 1x32K': 78,
  'map 1x64K': 89,
  'map 1x128K': 128,
  'map 1x256K': 175,
  'map 1x512K': 264,
  'map 1x1M': 444,
  'unmap 1x4K': 76,
  'unmap 1x2M': 72,
  'unmap 256x4K': 372,
  'unmap 256x2M': 398,
  'unmap 1x8K': 79,
  'unmap 1x16K': 78,
  'unmap 1x32K': 82,
  'unmap 1x64K': 79,
  'unmap 1x128K': 81,
  'unmap 1x256K': 90,
  'unmap 1x512K': 91,
  'unmap 1x1M': 96,
};
