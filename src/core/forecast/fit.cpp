// By NLopt, on the logarithms of the parameters, which are all greater than zero, with the gradient worked
// out.
#include "core/forecast/fit.hpp"

#include "core/forecast/quiet.hpp"

#include <boost/math/special_functions/digamma.hpp>
#include <nlopt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

namespace segmentation::core {
namespace {

double digamma(double value) noexcept {
  return boost::math::digamma(value, Quiet());
}

/// How far from where it starts a parameter may go, as the logarithm of a factor.
constexpr double reach = 16;

struct Optimizer {
  void operator()(nlopt_opt optimizer) const noexcept { nlopt_destroy(optimizer); }
};

/// Maximizes a function of N logarithms, which also has its gradient; `at` holds where to begin, and then
/// where the maximum is.
template <std::size_t N, typename Likelihood>
FitOutcome maximize(const Likelihood &likelihood, Stop stop, std::array<double, N> &at,
                    double &maximum) noexcept {
  struct Search {
    const Likelihood &likelihood;
    Stop stop;
    nlopt_opt optimizer;
    bool stopped;
  } search{likelihood, stop, nullptr, false};
  const auto function = [](unsigned, const double *logs, double *gradient, void *data) noexcept -> double {
    Search &search = *static_cast<Search *>(data);
    std::array<double, N> parameters, slope;
    if (search.stopped || (search.stop != nullptr && search.stop())) {
      search.stopped = true;
      nlopt_force_stop(search.optimizer);
      std::fill_n(gradient, gradient != nullptr ? N : 0, 0.0);
      return -std::numeric_limits<double>::max();
    }
    for (std::size_t i = 0; i < N; i++)
      parameters[i] = std::exp(logs[i]);
    const double value = search.likelihood(parameters, slope);
    for (std::size_t i = 0; gradient != nullptr && i < N; i++)
      gradient[i] = slope[i] * parameters[i];
    return std::isfinite(value) ? value : -std::numeric_limits<double>::max();
  };
  std::array<double, N> lowest, highest, slope;
  for (std::size_t i = 0; i < N; i++) {
    at[i] = std::log(at[i]);
    lowest[i] = at[i] - reach;
    highest[i] = at[i] + reach;
  }
  // The first is fast; the second takes over where rounding has the first's steps fail.
  for (nlopt_algorithm algorithm : {NLOPT_LD_LBFGS, NLOPT_LD_SLSQP, NLOPT_LN_SBPLX}) {
    std::unique_ptr<nlopt_opt_s, Optimizer> optimizer(nlopt_create(algorithm, N));
    if (optimizer == nullptr)
      return FitOutcome::failed;
    search.optimizer = optimizer.get();
    nlopt_set_max_objective(optimizer.get(), function, &search);
    nlopt_set_lower_bounds(optimizer.get(), lowest.data());
    nlopt_set_upper_bounds(optimizer.get(), highest.data());
    nlopt_set_xtol_rel(optimizer.get(), 1e-10);
    nlopt_set_maxeval(optimizer.get(), 2000);
    nlopt_optimize(optimizer.get(), at.data(),
                   &maximum); // what it says of itself matters less than the slope there
    if (search.stopped)
      return FitOutcome::stopped;
    for (std::size_t i = 0; i < N; i++)
      if (at[i] < lowest[i] + 0.01 || at[i] > highest[i] - 0.01)
        return FitOutcome::unbounded;
    maximum = function(N, at.data(), slope.data(), &search);
    if (search.stopped)
      return FitOutcome::stopped;
    if (std::all_of(slope.begin(), slope.end(),
                    [&](double each) { return std::abs(each) <= 1e-8 * (1 + std::abs(maximum)); }))
      return FitOutcome::converged;
  }
  return FitOutcome::failed;
}

/// The log-likelihood of histories and its gradient. What depends on the frequency alone is computed once for
/// groups that follow each other.
struct HistoryLikelihood {
  std::span<const HistoryGroup> groups;

  double operator()(const std::array<double, 4> &parameters, std::array<double, 4> &slope) const noexcept {
    const auto [r, alpha, a, b] = parameters;
    double sum = 0, common = 0;
    std::array<double, 4> frequent{}; // the slope of what depends on the frequency
    std::int64_t frequency = -1;
    slope = {};
    const double log_alpha = std::log(alpha), log_a = std::log(a);
    const double start = r * log_alpha + std::lgamma(a + b) - std::lgamma(b) - std::lgamma(r);
    const double digamma_r = digamma(r), digamma_b = digamma(b), digamma_ab = digamma(a + b);
    for (const HistoryGroup &group : groups) {
      const double x = static_cast<double>(group.history.frequency), n = static_cast<double>(group.customers);
      if (group.history.frequency != frequency) {
        frequency = group.history.frequency;
        common = start + std::lgamma(r + x) + std::lgamma(b + x) - std::lgamma(a + b + x);
        const double digamma_abx = digamma(a + b + x);
        frequent = {digamma(r + x) - digamma_r + log_alpha, r / alpha, digamma_ab - digamma_abx,
                    digamma_ab - digamma_abx + digamma(b + x) - digamma_b};
      }
      const double log_age = std::log(alpha + group.history.age);
      double value = common - (r + x) * log_age, left = 0, log_recency = 0;
      if (frequency > 0) {
        log_recency = std::log(alpha + group.history.recency);
        const double odds = log_a - std::log(b + x - 1) + (r + x) * (log_age - log_recency);
        value += std::max(odds, 0.0) + std::log1p(std::exp(-std::abs(odds)));
        left = 1 / (1 + std::exp(-odds));
        slope[2] += n * left / a;
        slope[3] -= n * left / (b + x - 1);
      }
      sum += n * value;
      slope[0] += n * (frequent[0] - (1 - left) * log_age - left * log_recency);
      slope[1] += n * (frequent[1] - (r + x) * ((1 - left) / (alpha + group.history.age) +
                                                left / (alpha + group.history.recency)));
      slope[2] += n * frequent[2];
      slope[3] += n * frequent[3];
    }
    return sum;
  }
};

struct ValueLikelihood {
  std::span<const ValueGroup> groups;

  double operator()(const std::array<double, 3> &parameters, std::array<double, 3> &slope) const noexcept {
    const auto [p, q, gamma] = parameters;
    double sum = 0, common = 0, digamma_px = 0, digamma_pxq = 0;
    std::int64_t purchases = -1;
    slope = {};
    const double log_gamma = std::log(gamma), digamma_q = digamma(q);
    const double start = q * log_gamma - std::lgamma(q);
    for (const ValueGroup &group : groups) {
      const double x = static_cast<double>(group.purchases), n = static_cast<double>(group.customers),
                   px = p * x;
      if (group.purchases != purchases) {
        purchases = group.purchases;
        common = start + std::lgamma(px + q) - std::lgamma(px) + px * std::log(x);
        digamma_px = digamma(px);
        digamma_pxq = digamma(px + q);
      }
      const double log_mean = std::log(group.mean), all = gamma + x * group.mean, log_all = std::log(all);
      sum += n * (common + (px - 1) * log_mean - (px + q) * log_all);
      slope[0] += n * x * (digamma_pxq - digamma_px + log_mean + std::log(x) - log_all);
      slope[1] += n * (digamma_pxq - digamma_q + log_gamma - log_all);
      slope[2] += n * (q / gamma - (px + q) / all);
    }
    return sum;
  }
};

} // namespace

BgNbdFit fit_bg_nbd(std::span<const HistoryGroup> groups, Stop stop) noexcept {
  double ages = 0, customers = 0;
  for (const HistoryGroup &group : groups) {
    ages += group.history.age * static_cast<double>(group.customers);
    customers += static_cast<double>(group.customers);
  }
  BgNbdFit fit;
  if (!(ages > 0))
    return fit;
  std::array<double, 4> at = {1, ages / customers, 1, 1};
  fit.outcome = maximize(HistoryLikelihood{groups}, stop, at, fit.log_likelihood);
  fit.model = {std::exp(at[0]), std::exp(at[1]), std::exp(at[2]), std::exp(at[3])};
  return fit;
}

GammaGammaFit fit_gamma_gamma(std::span<const ValueGroup> groups, Stop stop) noexcept {
  double values = 0, customers = 0;
  for (const ValueGroup &group : groups) {
    values += group.mean * static_cast<double>(group.customers);
    customers += static_cast<double>(group.customers);
  }
  GammaGammaFit fit;
  if (!(values > 0))
    return fit;
  std::array<double, 3> at = {2, 2, values / customers};
  fit.outcome = maximize(ValueLikelihood{groups}, stop, at, fit.log_likelihood);
  fit.model = {std::exp(at[0]), std::exp(at[1]), std::exp(at[2])};
  return fit;
}

} // namespace segmentation::core
