require("synckit").runAsWorker(async (x) => x * x);
