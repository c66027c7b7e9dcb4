import type { ManifestForm, PlanPod } from '../../spec/plan.js';

/** Leaves room for slot, suffix and ending within the 255 bytes that file systems allow. */
const baseNameLengthMax = 180;

/** `web-0.yaml`; the suffix tells files of one slot apart. Names never begin with a dot. */
export function manifestFileName(planPod: PlanPod, form: ManifestForm, suffix?: string): string {
  const base = `${planPod.identity.name.slice(0, baseNameLengthMax)}-${planPod.slot}`;
  const extension = (form.extension ?? form.format ?? 'yaml').replace(/^\.+/, '').replace(/[^\w.~-]/g, '_');
  const ending = extension === '' ? '' : `.${extension}`;
  return suffix === undefined ? `${base}${ending}` : `${base}-${suffix}${ending}`;
}
