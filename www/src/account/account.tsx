// Account and Details: what there is, what it came from and went to, and how the app looks.
import { Tab, TabList, TabPanel, TabProvider } from '@ariakit/react';
import { useClient } from '../credits/client';
import { DialogsProvider } from '../dialogs/dialogs';
import '../styles/account.css';
import { Modal } from '../ui/modal';
import { Billing } from './billing';
import { Details } from './details';
import { forgetComingBack } from '../people/came-back';

const DETAILS = 'account-details';

export default function AccountDialog({
  actionId,
  close,
}: {
  actionId: string;
  close: () => void;
}) {
  // Who comes back from an identity provider is here before the rules are.
  const isReady = useClient() !== null;
  if (!isReady) return null;
  return (
    <Modal
      title="Account and Details"
      close={() => {
        forgetComingBack();
        close();
      }}
      isWide
    >
      {/* What is opened from here, a receipt or a purchase, lies above and comes back to it. */}
      <DialogsProvider>
        <TabProvider defaultSelectedId={actionId === 'sign-in' ? DETAILS : undefined}>
          <TabList className="tabs" aria-label="Account and Details">
            <Tab className="tab">Account</Tab>
            <Tab className="tab" id={DETAILS}>
              Details
            </Tab>
          </TabList>
          <TabPanel className="tab-panel">
            <Billing />
          </TabPanel>
          <TabPanel className="tab-panel" unmountOnHide>
            <Details />
          </TabPanel>
        </TabProvider>
      </DialogsProvider>
    </Modal>
  );
}
