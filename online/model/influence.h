#pragma once

#include <vector>

#include "online/model/ranking.h"

namespace freshet::online {

/// How much each part's features move the blend, as shares that sum to 1 (all 0 while the blender gives every candidate
/// the same score): one feature at a time is moved by a standard deviation up and down from the average candidate, and
/// what that does to the score is added up per part. Local and one at a time (Saltelli et al., "Global Sensitivity
/// Analysis", ch. 1), so a sign of where the weight lies, not of what would be lost without the part: that takes an
/// ablation (`freshet evaluate --parts`).
/// Cost: scoring twice as many candidates as there are features.
std::vector<double> influence_of_parts(const Snapshot& snapshot);

}  // namespace freshet::online
