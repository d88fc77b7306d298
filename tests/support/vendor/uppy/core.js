import{i as e}from"./shared.js";export{e as default};
