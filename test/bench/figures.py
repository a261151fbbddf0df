"""Figures of the benchmark: ratios of turns, their median and spread, and whether that is what is wanted."""

import statistics


def turns(count, jobs):
    """Runs the jobs in turns, forwards and backwards, so that a machine that slows down slows all; returns name -> results."""
    results = {name: [] for name in jobs}
    for turn in range(count):
        order = list(jobs.items())
        for name, job in order if turn % 2 == 0 else reversed(order):
            results[name].append(job())
    return results


def ratios(of, to):
    """Returns the ratio of each turn."""
    return [a / b for a, b in zip(of, to)]


class Figures:
    """Gathers figures, tells each as it comes, and prints the table."""

    def __init__(self):
        self.rows = []

    def add(self, name, values, wanted=None, better='at least'):
        """Adds the median of some ratios. What is not wanted is told only."""
        value = statistics.median(values)
        mark = ''
        if wanted is not None:
            met = value >= wanted if better == 'at least' else value <= wanted
            mark = f'{better} {wanted:g}' + ('' if met else ', missed')
        spread = f'{min(values):.2f} .. {max(values):.2f}' if len(values) > 1 else ''
        self.rows.append((name, f'{value:.2f}', spread, mark))
        print(f'  {name:76} {value:8.2f}   {spread:16} {mark}', flush=True)

    def table(self):
        print(f'\n{"Figures, as ratios within a turn (medians)":78} {"measured":>8}   {"spread":16} wanted')
        for name, value, spread, mark in self.rows:
            print(f'{name:78} {value:>8}   {spread:16} {mark}')
