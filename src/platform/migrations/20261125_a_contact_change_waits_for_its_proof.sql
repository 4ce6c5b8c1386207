-- When something of a contact change is over: what nobody proved, what cannot be reverted any more.
alter table customer add column contact_due_at timestamptz(3);
create index customer_contact_due on customer (contact_due_at) where contact_due_at is not null;
