// Sets the chosen theme before anything is drawn; loaded as a plain script so that nothing flashes.
document.documentElement.dataset.theme = localStorage.getItem("esteira.theme") ?? "auto";
