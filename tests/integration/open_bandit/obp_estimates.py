# SPDX-License-Identifier: Apache-2.0
"""Estimates of the Open Bandit Pipeline (obp on PyPI) that `freshet ope` must agree with.

Run with obp installed, it writes a small synthetic log (log.tsv) and what obp says about it (expected.json):

    python tests/integration/open_bandit/obp_estimates.py

obp needs Python before 3.11, scikit-learn and PyTorch, so the tests do not install it; they read the two files.
"""

import json
import math
import pathlib

HERE = pathlib.Path(__file__).parent
LOG, EXPECTED = HERE / "log.tsv", HERE / "expected.json"
COLUMNS = ("item", "position", "propensity", "reward", "candidate", "predicted", "expected")
CLIP, LAMBDAS = 2.0, (0.5, 10.0)
GRID = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5, math.inf)  # online/measure/off_policy/estimators.cc


def synthetic(seed=1, rounds=400, actions=6, positions=3):
    """Rounds, and the candidate's probabilities and predicted rewards of all actions: [round, action, position]."""
    import numpy as np

    random = np.random.default_rng(seed)
    position = random.integers(positions, size=rounds)
    logging = random.dirichlet(np.full(actions, 2.0), size=rounds)
    candidate = random.dirichlet(np.full(actions, 1.0), size=(rounds, positions)).transpose(0, 2, 1)
    predicted = random.uniform(0, 0.6, size=(rounds, actions, positions))
    action = np.array([random.choice(actions, p=p) for p in logging])
    chance = 0.5 * predicted[np.arange(rounds), action, position] + 0.1
    return {"action": action, "position": position, "pscore": logging[np.arange(rounds), action],
            "reward": (random.uniform(size=rounds) < chance).astype(float)}, candidate, predicted


def write_log(path, rounds, candidate, predicted):
    with open(path, "w") as log:
        print(*COLUMNS, sep="\t", file=log)
        for i, (item, position) in enumerate(zip(rounds["action"], rounds["position"])):
            print(f"i{item}", position, *(repr(float(value)) for value in (
                rounds["pscore"][i], rounds["reward"][i], candidate[i, item, position], predicted[i, item, position],
                (candidate[i, :, position] * predicted[i, :, position]).sum())), sep="\t", file=log)


def obp_estimates(rounds, candidate, predicted):
    from obp.ope import (DirectMethod, DoublyRobust, DoublyRobustWithShrinkage, DoublyRobustWithShrinkageTuning,
                         InverseProbabilityWeighting, SelfNormalizedInverseProbabilityWeighting)

    def value(estimator):
        return float(estimator.estimate_policy_value(action_dist=candidate, estimated_rewards_by_reg_model=predicted,
                                                     **rounds))

    tuned = DoublyRobustWithShrinkageTuning(lambdas=list(GRID))
    return {"IPS": value(InverseProbabilityWeighting()),
            "IPS clipped": value(InverseProbabilityWeighting(lambda_=CLIP)),
            "SNIPS": value(SelfNormalizedInverseProbabilityWeighting()),
            "DM": value(DirectMethod()),
            "DR": value(DoublyRobust()),
            "DR clipped": value(DoublyRobust(lambda_=CLIP)),
            **{f"DRos {lambda_}": value(DoublyRobustWithShrinkage(lambda_=lambda_)) for lambda_ in LAMBDAS},
            "DRos tuned": value(tuned),
            "lambda": "infinite" if math.isinf(tuned.best_hyperparam) else float(tuned.best_hyperparam)}


if __name__ == "__main__":
    made = synthetic()
    write_log(LOG, *made)
    EXPECTED.write_text(json.dumps(obp_estimates(*made), indent=1) + "\n")
