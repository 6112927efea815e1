/**
 * The questions that name no tenant, for either database: on a cluster each of them goes to every shard. They read the
 * tenants' own rows and tell ids only. All else is in `statements/`, and bound to one tenant.
 */
export const ACROSS_TENANTS = {
  dueTenants: 'select tenant_id from tenant where due_at <= $1 order by due_at limit $2',
  dueTenantsAfter: 'select tenant_id from tenant where due_at <= $1 and tenant_id > $2 order by tenant_id limit $3',
  tenantsAfter: 'select tenant_id from tenant where tenant_id > $1 order by tenant_id limit $2',
  subscribedTenants: 'select tenant_id from tenant where subscribed > 0 and tenant_id > $1 order by tenant_id limit $2',
} as const;

export type AcrossTenants = keyof typeof ACROSS_TENANTS;
