import { nicParts } from "./qemu/devices.ts";
import type { Qemu } from "./qemu/qemu.ts";
import type { Card } from "./saved/saved.ts";

/** Plugs a card in; the guest sees it some time later. */
export async function addCard({ qmp }: Qemu, card: Card): Promise<void> {
  const { netdev, device } = nicParts(card);
  await qmp.execute("netdev_add", netdev);
  try {
    await qmp.execute("device_add", device);
  } catch (error) {
    await qmp.execute("netdev_del", { id: netdev.id });
    throw error;
  }
}
