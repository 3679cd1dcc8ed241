// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "online/model/ranking.h"

namespace freshet::online {

/// How much the features of each part move the blend, as shares that sum to 1; all 0 if no feature changes the score.
/// Moves one feature at a time by one standard deviation up and down from the average candidate, and adds up the
/// changes of the score per part. This is a local, one-at-a-time analysis (Saltelli et al., "Global Sensitivity
/// Analysis", ch. 1): it shows where the weight is, not what would be lost without the part. That takes an ablation
/// (`freshet evaluate --parts`).
/// Cost: scores two candidates per feature.
std::vector<double> influence_of_parts(const Snapshot& snapshot);

}  // namespace freshet::online
