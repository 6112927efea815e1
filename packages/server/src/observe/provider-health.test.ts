import { describe, expect, it } from 'vitest';
import { createHealthBoard } from './provider-health.ts';

describe('the health of a provider', () => {
  it('is up until something is heard of it', () => {
    expect(createHealthBoard().of('edge')).toEqual({ health: 'up', message: null });
  });

  it('is degraded after a failure, down after three in a row, with the last word, and up after one success', () => {
    const board = createHealthBoard();
    const seen = ['one', 'two', 'three', 'four'].map((message) => {
      board.failed('edge', message);
      return board.of('edge');
    });
    expect(seen).toEqual([
      { health: 'degraded', message: 'one' },
      { health: 'degraded', message: 'two' },
      { health: 'down', message: 'three' },
      { health: 'down', message: 'four' },
    ]);
    board.up('edge');
    expect(board.of('edge')).toEqual({ health: 'up', message: null });
    board.failed('edge', 'again');
    expect(board.of('edge').health).toBe('degraded');
  });

  it('is down at once where our own access is to blame', () => {
    const board = createHealthBoard();
    board.misconfigured('edge', 'The key was not accepted.');
    expect(board.of('edge')).toEqual({ health: 'down', message: 'The key was not accepted.' });
  });

  it("is nobody else's", () => {
    const board = createHealthBoard();
    board.misconfigured('edge', 'x');
    board.up('core');
    expect(board.of('core').health).toBe('up');
    expect(board.of('edge').health).toBe('down');
  });
});
