package sandbox

// maxrssUnit is the unit of ru_maxrss, see getrusage(2).
const maxrssUnit = 1
