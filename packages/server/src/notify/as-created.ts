/** An action as its JSON says. */
type EntityObject = Readonly<Record<string, unknown>>;

/**
 * An action as it stood when it was created, as far as that follows from how it stands now: what happened to it since is
 * taken back. What a PATCH changed besides its status stays as it is, and so does a record, to which nothing happens.
 * @param isEndOpen its end was not said, and follows from its start
 */
export function asCreated(entity: EntityObject, isEndOpen: boolean): EntityObject {
  const enforcement = entity.enforcement as EntityObject | undefined;
  if (enforcement?.recordedBy !== undefined) return entity;
  const { errorInfo: _, ...rest } = entity;
  const states = Array.isArray(entity.states) ? entity.states.slice(0, 1) : entity.states;
  return {
    ...rest,
    completedDateTime: null,
    lastActionDateTime: entity.createdDateTime,
    states,
    status: 'NotStarted',
    ...(enforcement && {
      enforcement: {
        ...enforcement,
        state: 'pending',
        verifiedDateTime: null,
        ...(isEndOpen && { expirationDateTime: null }),
        heldByOthers: 0,
        preexisting: false,
      },
    }),
  };
}
